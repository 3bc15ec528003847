"""A rate over golden prompts from plain counts, with the interval of a total."""

from __future__ import annotations

from collections.abc import Mapping

from flakestorm.model.run import Score
from flakestorm.scoring.intervals import Interval, clustered
from flakestorm.scoring.pass_hat_k import Count


def rate_of(counts: Mapping[str, Count], interval: Interval = clustered) -> Score | None:
    """Σ first ÷ Σ second of ``counts`` by golden prompt id; None where nothing was judged."""
    # In a fixed order, because sums of fractions depend on it and trials arrive in any.
    found = [counts[name] for name in sorted(counts) if counts[name][1]]
    judged = sum(second for _, second in found)
    if not judged:
        return None
    low, high = interval([float(first) for first, _ in found], [float(second) for _, second in found], judged)
    return Score(sum(first for first, _ in found) / judged, low, high, judged)
