"""What a golden prompt's undisturbed trials look like: the measure for its disturbed ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.scoring.behaviour.notice import notices
from flakestorm.scoring.behaviour.values import known_values

KEPT_TRIALS = 5
"""Texts of so many undisturbed trials are kept; counts are kept of all."""
KEPT_TEXT = 4_000
TOKENS = "tokens"
"""What language models were paid for, beside the kinds of call."""


@dataclass
class ControlArm:
    """The control arm of one golden prompt: replies, what its tools said, and how much it called.

    ``replies`` and ``results`` are kept only of trials whose calls were seen, and only their beginnings.
    """

    trials: int = 0
    passed: int = 0
    most_equal: int = 0
    """How often the same request was made in one trial, at most."""
    replies: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    counts: dict[str, list[int]] = field(default_factory=dict)
    _notices: frozenset[str] | None = None
    _known: set[str] | None = None

    def add(self, record: TrialRecord) -> None:
        """Learn from one undisturbed trial."""
        self.trials += 1
        self.passed += record.status is TrialStatus.PASSED
        for what, count in amounts(record).items():
            self.counts.setdefault(what, []).append(count)
        calls = record.outcome.calls
        self.most_equal = max(self.most_equal, *Counter(call.sent for call in calls).values(), 0)
        if calls and len(self.replies) < KEPT_TRIALS:
            self.replies.append((record.outcome.reply or "")[:KEPT_TEXT])
            received = "\n".join(call.received for call in calls if call.kind != "llm")
            self.results.append(received[: 4 * KEPT_TEXT])
            self._notices = self._known = None

    @property
    def notices(self) -> frozenset[str]:
        """The words for something wrong that undisturbed replies use."""
        if self._notices is None:
            self._notices = frozenset[str]().union(*map(notices, self.replies))
        return self._notices

    @property
    def told(self) -> str:
        """What undisturbed replies and results say."""
        return "\n".join((*self.replies, *self.results))

    @property
    def known(self) -> set[str]:
        """The keys of the values in that."""
        if self._known is None:
            self._known = known_values(self.told)
        return self._known

    def usual(self, what: str) -> float:
        """The median number of calls of a kind (or of tokens) in an undisturbed trial."""
        counts = self.counts.get(what, [])
        return median([*counts, *[0] * (self.trials - len(counts))]) if counts else 0.0


def amounts(record: TrialRecord) -> dict[str, int]:
    """How many calls of each kind a trial made, and how many tokens they took (where that is known)."""
    found = Counter(call.kind for call in record.outcome.calls)
    tokens = sum(call.tokens or 0 for call in record.outcome.calls)
    return {**found, TOKENS: tokens} if tokens else dict(found)
