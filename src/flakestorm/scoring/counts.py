"""How many trials ended in which way: the counts that every score and every row is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flakestorm.model.record import TrialStatus
from flakestorm.model.run import Score, Totals
from flakestorm.scoring.intervals import Interval, clustered, wilson


@dataclass
class Counts:
    """Trials by status."""

    by_status: dict[TrialStatus, int] = field(default_factory=dict)

    def add(self, status: TrialStatus, count: int = 1) -> None:
        """Count ``count`` trials that ended with ``status``."""
        self.by_status[status] = self.by_status.get(status, 0) + count

    def add_all(self, other: Counts) -> None:
        """Count everything that ``other`` counted."""
        for status, count in other.by_status.items():
            self.add(status, count)

    @property
    def totals(self) -> Totals:
        """The numbers for a report."""
        counts = self.by_status
        return Totals(sum(counts.values()), *(counts.get(status, 0) for status in TrialStatus))

    def rate(self) -> Score | None:
        """Passed ÷ judged with Wilson's interval; None when nothing was judged."""
        passed = self.by_status.get(TrialStatus.PASSED, 0)
        judged = passed + self.by_status.get(TrialStatus.FAILED, 0)
        return Score(passed / judged, *wilson(passed, judged), judged) if judged else None


class Cells:
    """Counts for each golden prompt × kind of disturbance, and the score of all of them."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], Counts] = {}

    def add(self, prompt: str, kind: str, status: TrialStatus) -> None:
        """Count one trial of the golden prompt ``prompt``."""
        self.counts.setdefault((prompt, kind), Counts()).add(status)

    def score(self, weight: Callable[[str], float], interval: Interval = clustered) -> Score | None:
        """Σ weight of passed ÷ Σ weight of judged, its interval that of a total over golden prompts."""
        passed: dict[str, float] = {}
        judged: dict[str, float] = {}
        count, squares = 0, 0.0
        # Summed from counts in a fixed order: sums of fractions depend on it, and trials arrive in any.
        for (prompt, kind), counts in sorted(self.counts.items()):
            totals, one = counts.totals, weight(kind)
            of_cell = totals.passed + totals.failed
            passed[prompt] = passed.get(prompt, 0.0) + one * totals.passed
            judged[prompt] = judged.get(prompt, 0.0) + one * of_cell
            squares += one * one * of_cell
            count += of_cell
        total = sum(judged.values())
        if not total:
            return None
        low, high = interval(list(passed.values()), list(judged.values()), total * total / squares)
        return Score(sum(passed.values()) / total, low, high, count)
