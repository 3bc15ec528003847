"""The bootstrap of a million trials: the extension, its twin, and NumPy the usual way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np

from flakestorm import native
from flakestorm.scoring.bootstrap import RESAMPLES, ratios

TRIALS = 1_000_000
RATE = 0.8
FEW = 20
"""Resamples of what is too slow for all of them; its time is proportional to them."""


def seconds(work: Callable[[int], object], resamples: int) -> float:
    """Wall-clock seconds for ``RESAMPLES`` resamples, the best of three measurements with ``resamples``."""
    found = []
    for _ in range(3):
        start = perf_counter()
        work(resamples)
        found.append(perf_counter() - start)
    return min(found) * RESAMPLES / resamples


def usual(resamples: int) -> list[float]:
    """Draws trials with replacement and takes their mean, as it is mostly written."""
    passed = (np.arange(TRIALS) < TRIALS * RATE).astype(np.float64)
    random = np.random.default_rng(0)
    return [float(passed[random.integers(0, TRIALS, TRIALS)].mean()) for _ in range(resamples)]


def main() -> int:
    """Print the seconds of each, and how much faster the extension is. 1 without an extension."""
    extension = native.extension()
    if extension is None:
        print(f"bootstrap: {native.choice().reason}")
        return 1
    passed = int(TRIALS * RATE)
    kinds = ([0.0, 1.0], [1.0, 1.0], [TRIALS - passed, passed])
    fast = seconds(lambda count: extension.bootstrap_ratios(*kinds, count, 0), RESAMPLES // 4)
    twin = seconds(lambda count: ratios(*kinds, count, 0), FEW)
    numpy = seconds(usual, FEW)
    print(
        f"bootstrap of {TRIALS:,} trials × {RESAMPLES:,} resamples: extension {fast:.1f} s, "
        f"NumPy {numpy:.1f} s ({numpy / fast:.1f} ×, aim: 10 ×), twin {twin:.1f} s ({twin / fast:.1f} ×)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
