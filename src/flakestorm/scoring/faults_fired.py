"""Which faults fired, in how many calls, and why the others did not: the proof of injection."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from flakestorm.model.outcome import Call
from flakestorm.model.run import FaultCount

MOST_REASONS = 20
"""Different reasons that are counted for one fault; the usual ones come early."""

_PASSING = re.compile(r", drawn .*|(?<=^call )\d+ ")
"""What is different in each call: the number that was drawn, and which call it was."""


class FaultTally:
    """Counts calls in which a fault matched and fired, by its name."""

    def __init__(self) -> None:
        self._matched: Counter[str] = Counter()
        self._fired: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}

    def add(self, calls: Iterable[Call]) -> None:
        """Count the faults of one trial's calls; a name that fired and held back in one call counts once."""
        for call in calls:
            fired = set(call.fired)
            held = [reason.partition(": ") for reason in call.held]
            self._fired.update(fired)
            self._matched.update(fired | {name for name, _, _ in held})
            for name, _, reason in held:
                self._hold(name, _PASSING.sub("", reason))

    def _hold(self, name: str, reason: str) -> None:
        reasons = self._reasons.setdefault(name, Counter())
        if reason in reasons or len(reasons) < MOST_REASONS:
            reasons[reason] += 1

    def summary(self) -> tuple[FaultCount, ...]:
        """One row per fault, by name."""
        return tuple(
            FaultCount(name, matched, self._fired[name], self._why(name))
            for name, matched in sorted(self._matched.items())
        )

    def _why(self, name: str) -> str:
        reasons = self._reasons.get(name)
        # The most frequent; of equals the first in the alphabet, whatever came first.
        return min(reasons, key=lambda reason: (-reasons[reason], reason)) if reasons else ""
