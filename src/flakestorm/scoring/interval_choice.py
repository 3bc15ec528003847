"""Which interval the totals of a run get: the one by linearisation, or a bootstrap over golden prompts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flakestorm.scoring.bootstrap import bootstrap_interval
from flakestorm.scoring.intervals import Interval, clustered, wilson

CLUSTERED = "clustered"
BOOTSTRAP = "bootstrap"


def interval_called(name: str, seed: int) -> Interval:
    """The interval that ``scoring.interval`` names; a bootstrap draws from ``seed``."""
    return partial(_resampled, seed) if name == BOOTSTRAP else clustered


def _resampled(
    seed: int, passed: Sequence[float], judged: Sequence[float], effective: float
) -> tuple[float, float]:
    """The percentile bootstrap over golden prompts, never narrower than Wilson's for ``effective`` trials.

    Without the latter, a run in which nothing failed would be sure of it however small it was.
    """
    groups = [(p, j) for p, j in zip(passed, judged, strict=True) if j > 0]
    total = sum(j for _, j in groups)
    if not total:
        return 0.0, 1.0
    rate = sum(p for p, _ in groups) / total
    low, high = wilson(rate * effective, effective)
    drawn_low, drawn_high = bootstrap_interval([p for p, _ in groups], [j for _, j in groups], seed)
    return min(low, drawn_low), max(high, drawn_high)
