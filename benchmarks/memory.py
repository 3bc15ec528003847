"""Does memory grow with the run? Peak RSS of a process that runs 10,000 and one that runs 100,000 trials."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from engine import pipeline, start_agent

SIZES = (10_000, 100_000)


def peak_mb(trials: int, port: int) -> float:
    """Peak resident memory in MB of a process that runs ``trials`` trials and keeps the result."""
    done = subprocess.run(
        [sys.executable, __file__, str(trials), str(port)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Print both peaks and what the ten times longer run needs more."""
    if len(sys.argv) == 3:
        pipeline(int(sys.argv[2]), int(sys.argv[1]), 50)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    agent, port = start_agent(0)
    try:
        small, large = (peak_mb(size, port) for size in SIZES)
    finally:
        agent.kill()
        agent.wait()
    print(
        f"memory: {small:.0f} MB at {SIZES[0]:,} trials, {large:.0f} MB at {SIZES[1]:,}: "
        f"+{large - small:.0f} MB (aim: +60)"
    )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
