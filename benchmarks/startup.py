"""How long the program takes to say something, beside `python -c pass` in the same minute."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

PROGRAM = Path(sys.executable).with_name("flakestorm")
TIMES = 15


def milliseconds(command: list[str]) -> float:
    """The fastest of ``TIMES`` runs: noise only ever adds."""
    best = float("inf")
    for _ in range(TIMES):
        begin = perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        best = min(best, perf_counter() - begin)
    return best * 1000


def main() -> None:
    """Print one line."""
    bare = milliseconds([sys.executable, "-c", "pass"])
    version = milliseconds([str(PROGRAM), "--version"])
    help_ = milliseconds([str(PROGRAM), "--help"])
    print(
        f"startup: --version {version:.0f} ms ({version / bare:.1f} x python -c pass, aim: 150 ms), "
        f"--help {help_:.0f} ms ({help_ / bare:.1f} x, aim: 300 ms)"
    )


if __name__ == "__main__":
    main()
