"""Latency of many trials: percentiles and a histogram, in little memory."""

from __future__ import annotations

from array import array

from flakestorm.model.run import Latency

BUCKETS_PER_DECADE = 8


class LatencyTally:
    """Collects milliseconds, four bytes each."""

    def __init__(self) -> None:
        self._values = array("f")

    def add(self, milliseconds: float) -> None:
        """Count one reply."""
        self._values.append(milliseconds)

    def summary(self) -> Latency | None:
        """The numbers, or None when there was no reply. Percentiles are nearest-rank."""
        values = sorted(self._values)
        if not values:
            return None
        count = len(values)

        def percentile(share: float) -> float:
            return values[min(count - 1, max(0, -int(-share * count // 1) - 1))]

        return Latency(
            count=count,
            mean=sum(values) / count,
            p50=percentile(0.50),
            p95=percentile(0.95),
            p99=percentile(0.99),
            slowest=values[-1],
            buckets=_histogram(values),
        )


def _histogram(values: list[float]) -> tuple[tuple[float, int], ...]:
    """(upper bound, count) over logarithmic buckets, empty ones between the ends included."""
    from math import floor, log10

    counts: dict[int, int] = {}
    for value in values:
        step = floor(log10(max(value, 0.01)) * BUCKETS_PER_DECADE)
        counts[step] = counts.get(step, 0) + 1
    steps = range(min(counts), max(counts) + 1)
    return tuple((10 ** ((step + 1) / BUCKETS_PER_DECADE), counts.get(step, 0)) for step in steps)
