"""Do the intervals keep their promise? Simulated runs, and how often each interval holds the true rate.

Prints the tables of docs/statistics.md. Takes about a minute.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flakestorm.scoring.intervals import clustered, wilson

RUNS = 2000
"""Simulated runs per cell: a coverage of 95 % is then known to ±1 percentage point."""
RESAMPLES = 500
TRIALS = 20
"""Mutations of each golden prompt."""
PROMPTS = (2, 3, 5, 10, 30, 100)
SPREADS = (0.0, 0.05, 0.2, 0.5)
"""Intra-class correlation: 0 is prompts that are all alike, 1 is prompts that always pass or always fail."""
RATES = (0.8, 0.95)

Counts = NDArray[np.float64]
Interval = tuple[float, float]


def simulated(rng: np.random.Generator, rate: float, spread: float, prompts: int) -> Counts:
    """Passed trials, one row a run and one column a prompt, whose own rates are drawn from a beta."""
    if spread == 0:
        rates = np.full((RUNS, prompts), rate)
    else:
        size = 1 / spread - 1
        rates = rng.beta(rate * size, (1 - rate) * size, (RUNS, prompts))
    return rng.binomial(TRIALS, rates).astype(float)


def bootstrap(rng: np.random.Generator, passed: Counts) -> Interval:
    """The percentile interval of the rate over prompts drawn with replacement."""
    drawn = rng.integers(len(passed), size=(RESAMPLES, len(passed)))
    rates = passed[drawn].mean(axis=1) / TRIALS
    low, high = np.quantile(rates, (0.025, 0.975))
    return float(low), float(high)


def coverage(rate: float, spread: float, prompts: int) -> list[tuple[float, float]]:
    """(share of runs whose interval holds ``rate``, mean width) of: clustered, bootstrap, pooled Wilson."""
    rng = np.random.default_rng([prompts, int(spread * 100), int(rate * 100)])
    judged = [float(TRIALS)] * prompts
    total = float(prompts * TRIALS)
    intervals: list[list[Interval]] = [[], [], []]
    for passed in simulated(rng, rate, spread, prompts):
        intervals[0].append(clustered(passed.tolist(), judged, total))
        intervals[1].append(bootstrap(rng, passed))
        intervals[2].append(wilson(float(passed.sum()), total))
    return [
        (
            float(np.mean([low <= rate <= high for low, high in found])),
            float(np.mean([high - low for low, high in found])),
        )
        for found in intervals
    ]


def main() -> None:
    """Print one Markdown table per true rate."""
    for rate in RATES:
        print(f"\nTrue rate {rate:.0%}, {TRIALS} mutations of each prompt, {RUNS} simulated runs\n")
        print("| prompts | spread | clustered | bootstrap | pooled Wilson | mean width of clustered |")
        print("|---:|---:|---:|---:|---:|---:|")
        for prompts in PROMPTS:
            for spread in SPREADS:
                ours, percentile, pooled = coverage(rate, spread, prompts)
                print(
                    f"| {prompts} | {spread:.2f} | {ours[0]:.1%} | {percentile[0]:.1%} | {pooled[0]:.1%} "
                    f"| {ours[1]:.2f} |"
                )


if __name__ == "__main__":
    main()
