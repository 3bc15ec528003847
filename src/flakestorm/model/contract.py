"""What a contract promises and how it was kept: invariants × scenarios, as reports and the store have it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from flakestorm.model.verdict import Severity


class CellStatus(str, Enum):
    """What the trials of a cell show: one failure breaks it, and errors alone prove nothing."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    """The invariant does not apply in this scenario."""

    def __str__(self) -> str:
        return self.value

    @property
    def is_judged(self) -> bool:
        """Whether the cell counts in the score."""
        return self in (CellStatus.PASSED, CellStatus.FAILED)


class ContractVerdict(str, Enum):
    """Of the whole contract: a critical failure fails it, whatever the score."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Promise:
    """One invariant of a contract; ``probes`` is how many prompts of its own it has (0: the golden ones)."""

    name: str
    type: str
    severity: Severity
    description: str = ""
    when: str = "always"
    probes: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What was promised: stored when the run begins. ``fresh`` says how trials were kept apart, or ""."""

    name: str
    promises: tuple[Promise, ...]
    scenarios: tuple[str, ...]
    description: str = ""
    fresh: str = ""
    deterministic: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the store."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Terms:
        """What ``to_dict`` described."""
        promises = tuple(map(promise_of, data["promises"]))
        return cls(**{**data, "promises": promises, "scenarios": tuple(data["scenarios"])})


def promise_of(data: dict[str, Any]) -> Promise:
    """The promise that ``asdict`` described."""
    return Promise(**{**data, "severity": Severity(data["severity"])})


@dataclass(frozen=True, slots=True)
class ContractCell:
    """One invariant in one scenario. The five counts are trials.

    A repeat of the scenario is judged when any of its trials is, and held when none of these failed.
    ``trials`` are some of the ids, those that failed first.
    """

    invariant: str
    scenario: str
    passed: int = 0
    failed: int = 0
    errored: int = 0
    inconclusive: int = 0
    skipped: int = 0
    held: int = 0
    judged: int = 0
    trials: tuple[str, ...] = ()

    @property
    def status(self) -> CellStatus:
        """What the counts amount to."""
        if self.failed:
            return CellStatus.FAILED
        if self.passed:
            return CellStatus.PASSED
        if self.errored:
            return CellStatus.ERRORED
        return CellStatus.INCONCLUSIVE if self.inconclusive else CellStatus.SKIPPED


@dataclass(frozen=True, slots=True)
class ContractResult:
    """How a contract was kept: ``cells`` row by row. Its score is ``Scores.contract`` of the run."""

    terms: Terms
    cells: tuple[ContractCell, ...]

    @property
    def severities(self) -> dict[str, Severity]:
        """Name of each promise → its severity."""
        return {promise.name: promise.severity for promise in self.terms.promises}

    def critical(self, *statuses: CellStatus) -> tuple[ContractCell, ...]:
        """The cells of critical promises that have one of ``statuses``."""
        severities = self.severities
        return tuple(
            cell
            for cell in self.cells
            if severities[cell.invariant] is Severity.CRITICAL and cell.status in statuses
        )

    @property
    def unproved(self) -> tuple[ContractCell, ...]:
        """The critical cells without which the contract cannot be called kept.

        Where the agent gave no reply, nobody knows what it would have said. That a prompt makes no call for
        a fault to fire in is no such gap, unless its promise was judged nowhere.
        """
        judged = {cell.invariant for cell in self.cells if cell.status.is_judged}
        idle = self.critical(CellStatus.INCONCLUSIVE)
        return (
            *self.critical(CellStatus.ERRORED),
            *(cell for cell in idle if cell.invariant not in judged),
        )

    @property
    def verdict(self) -> ContractVerdict:
        """Failed by any critical failure; inconclusive without any verdict, or with a critical gap."""
        if self.critical(CellStatus.FAILED):
            return ContractVerdict.FAILED
        if self.unproved or not any(cell.status.is_judged for cell in self.cells):
            return ContractVerdict.INCONCLUSIVE
        return ContractVerdict.PASSED
