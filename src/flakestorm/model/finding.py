"""A finding: something wrong with the agent that flakestorm noticed by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flakestorm.model.outcome import Call
from flakestorm.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """``title`` could be pasted into an issue; ``detail`` explains; ``trials`` are the ids that show it.

    What the calls of trials show belongs to a ``scenario`` ("" for others) and was seen in ``count`` trials;
    ``calls`` are then those of the clearest one, which is the first of ``trials``.
    """

    kind: str
    severity: Severity
    title: str
    detail: str = ""
    trials: tuple[str, ...] = ()
    scenario: str = ""
    count: int = 0
    calls: tuple[Call, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form (plain lists, strings, numbers)."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "title": self.title,
            "detail": self.detail,
            "trials": list(self.trials),
            "scenario": self.scenario,
            "count": self.count,
            "calls": [call.to_dict() for call in self.calls],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Finding:
        """The finding that ``to_dict`` described. Raises ``KeyError`` or ``ValueError`` on another shape."""
        return cls(
            kind=data["kind"],
            severity=Severity(data["severity"]),
            title=data["title"],
            detail=data["detail"],
            trials=tuple(data["trials"]),
            scenario=data.get("scenario", ""),
            count=data.get("count", 0),
            calls=tuple(map(Call.from_dict, data.get("calls", ()))),
        )
