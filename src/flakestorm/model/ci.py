"""What a run of ``flakestorm ci`` is judged by, and its pillars, as the store and reports have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from flakestorm.model.verdict import Severity

MUTATION, CHAOS, CONTRACT, REPLAY = "mutation", "chaos", "contract", "replay"


@dataclass(frozen=True)
class CiTerms:
    """Stored when the run begins. ``pillars`` are those asked for: mutation, chaos, contract, replay.

    ``measured`` are the scenarios that count as chaos; those of the contract's matrix are the contract's.
    ``minima`` maps a pillar to the least score (0–1), ``fail_on`` is the least severity of a broken invariant
    that fails the run.
    """

    pillars: tuple[str, ...]
    measured: tuple[str, ...] = ()
    minima: Mapping[str, float] = field(default_factory=dict)
    fail_on: Severity = Severity.CRITICAL

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the store."""
        return {**asdict(self), "minima": dict(self.minima), "fail_on": self.fail_on.value}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CiTerms:
        """What ``to_dict`` described."""
        return cls(tuple(data["pillars"]), tuple(data["measured"]), data["minima"], Severity(data["fail_on"]))


@dataclass(frozen=True, slots=True)
class Pillar:
    """One of the four: whether it was asked for, its weight in the overall score, what became of it.

    ``value``, ``low`` and ``high`` are shares; all are None where nothing could be judged.
    """

    name: str
    wanted: bool
    weight: float
    minimum: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    judged: int = 0

    @property
    def status(self) -> str:
        """passed, failed (below its minimum), inconclusive (asked for, and nothing judged) or skipped."""
        if self.value is None:
            return "inconclusive" if self.wanted else "skipped"
        return "failed" if self.minimum is not None and self.value < self.minimum else "passed"


@dataclass(frozen=True)
class CiResult:
    """What was asked, and the four pillars as they turned out; the overall score is ``Scores.overall``."""

    terms: CiTerms
    pillars: tuple[Pillar, ...]

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form."""
        pillars = [{**asdict(pillar), "status": pillar.status} for pillar in self.pillars]
        return {**self.terms.to_dict(), "pillars": pillars}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CiResult:
        """What ``to_dict`` described. Raises ``KeyError`` or ``ValueError`` on another shape."""
        names = list(Pillar.__dataclass_fields__)
        pillars = tuple(Pillar(**{name: row[name] for name in names}) for row in data["pillars"])
        wanted = tuple(pillar.name for pillar in pillars if pillar.wanted)
        return cls(CiTerms.from_dict({**data, "pillars": wanted}), pillars)
