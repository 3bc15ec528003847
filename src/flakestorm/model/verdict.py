"""A verdict: one invariant on one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any


class Severity(str, Enum):
    """How bad it is when an invariant fails, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def __str__(self) -> str:
        return self.value

    @property
    def rank(self) -> int:
        """0 for critical … 3 for low, for sorting."""
        return list(Severity).index(self)


class VerdictStatus(str, Enum):
    """What an invariant says of an outcome."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    """It could not be judged."""
    SKIPPED = "skipped"
    """It does not apply to this trial."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check returns: the status, one line that says why, and where in the reply the evidence is.

    ``evidence`` holds (start, end) code-point spans of the reply.
    """

    status: VerdictStatus
    detail: str = ""
    evidence: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A judgement with the invariant it comes from. ``implied`` marks a rule that the mutation brought."""

    invariant: str
    type: str
    severity: Severity
    status: VerdictStatus
    detail: str = ""
    implied: bool = False
    evidence: tuple[tuple[int, int], ...] = ()

    @cached_property
    def public(self) -> dict[str, Any]:
        """The public JSON form, not to be changed: trials share the verdict of a rule that passed."""
        return {
            "invariant": self.invariant,
            "type": self.type,
            "severity": self.severity.value,
            "implied": self.implied,
            "status": self.status.value,
            "detail": self.detail,
            "evidence": [list(span) for span in self.evidence],
        }
