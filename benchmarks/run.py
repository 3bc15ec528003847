"""Runs every benchmark, each in a process of its own, and prints their lines: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    *("startup", "mutations", "invariants", "shrinking", "agents", "gateway", "finding_faults", "engine"),
    "native",
    "cassette",
    "contract",
    "compare",
    "memory",
)


def main() -> None:
    """The order puts the short ones first."""
    for name in BENCHMARKS:
        subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py"))], check=True)


if __name__ == "__main__":
    main()
