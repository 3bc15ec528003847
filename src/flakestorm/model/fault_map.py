"""The map of a fault space: what became of the agent under each fault at each of its calls."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from flakestorm.model.outcome import Call
from flakestorm.model.verdict import Severity


class PointState(str, Enum):
    """What a fault did to the agent, worst first."""

    FAILED = "failed"
    """An invariant was broken, or the agent gave no reply."""
    DEGRADED = "degraded"
    """The reply kept the invariants, and the way to it shows bad behaviour or took much more than usual."""
    SURVIVED = "survived"
    UNJUDGED = "unjudged"
    """No invariant could be judged."""
    UNFIRED = "unfired"
    """The fault did not fire: it does not apply to the call, or the call was not made."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class FaultCell:
    """One fault at one call, over all golden prompts that it was tried with; ``state`` is the worst.

    ``call`` is the position (``llm gpt-4o #1``), ``family`` the kind of fault (transport, status …). The
    counts are trials; ``trials`` are the ids, the worst first.
    """

    call: str
    fault: str
    family: str
    state: PointState
    failed: int = 0
    degraded: int = 0
    survived: int = 0
    unjudged: int = 0
    unfired: int = 0
    trials: tuple[str, ...] = ()

    @property
    def scenario(self) -> str:
        """The name of the scenario with this fault at this call."""
        return f"{self.call}: {self.fault}"


@dataclass(frozen=True, slots=True)
class FailingSet:
    """Faults that together make the agent fail, and of which none can be left out.

    ``points`` are one or two names such as ``llm gpt-4o #1: refused``; ``prompts`` the labels of the golden
    prompts that fail; ``title`` says what goes wrong. Of ``tries`` trials with these prompts ``failed``
    failed; ``trials`` are the ids of those.
    """

    points: tuple[str, ...]
    prompts: tuple[str, ...]
    title: str
    severity: Severity
    tries: int
    failed: int
    trials: tuple[str, ...]

    @property
    def is_flaky(self) -> bool:
        """Whether it did not fail each time it was tried."""
        return self.failed < self.tries


@dataclass(frozen=True, slots=True)
class FaultGroup:
    """Failing sets (or degraded cells) with the same behaviour under faults of one family.

    ``scenarios`` are the names of them all; ``calls`` belong to the first of the ``trials``, the clearest.
    """

    title: str
    state: PointState
    severity: Severity
    family: str
    detail: str
    scenarios: tuple[str, ...]
    trials: tuple[str, ...]
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultMap:
    """All of it. ``pairs`` were tried, of which ``pairs_failed`` failed."""

    cells: tuple[FaultCell, ...]
    failing: tuple[FailingSet, ...]
    groups: tuple[FaultGroup, ...]
    pairs: int = 0
    pairs_failed: int = 0

    def count(self, state: PointState) -> int:
        """How many cells have this state."""
        return sum(cell.state is state for cell in self.cells)

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form."""
        return {
            "cells": [{**asdict(cell), "state": cell.state.value} for cell in self.cells],
            "failing": [{**asdict(one), "severity": one.severity.value} for one in self.failing],
            "groups": [_group_to_dict(group) for group in self.groups],
            "pairs": self.pairs,
            "pairs_failed": self.pairs_failed,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> FaultMap:
        """What ``to_dict`` described. Raises ``KeyError``, ``TypeError``, ``ValueError`` on other shapes."""
        return cls(
            cells=tuple(
                FaultCell(**{**cell, "state": PointState(cell["state"]), "trials": tuple(cell["trials"])})
                for cell in data["cells"]
            ),
            failing=tuple(_failing_set(one) for one in data["failing"]),
            groups=tuple(_group(group) for group in data["groups"]),
            pairs=data["pairs"],
            pairs_failed=data["pairs_failed"],
        )


def _group_to_dict(group: FaultGroup) -> dict[str, Any]:
    return {
        "title": group.title,
        "state": group.state.value,
        "severity": group.severity.value,
        "family": group.family,
        "detail": group.detail,
        "scenarios": list(group.scenarios),
        "trials": list(group.trials),
        "calls": [call.to_dict() for call in group.calls],
    }


def _failing_set(data: dict[str, Any]) -> FailingSet:
    lists = {name: tuple(data[name]) for name in ("points", "prompts", "trials")}
    return FailingSet(**{**data, **lists, "severity": Severity(data["severity"])})


def _group(data: dict[str, Any]) -> FaultGroup:
    return FaultGroup(
        title=data["title"],
        state=PointState(data["state"]),
        severity=Severity(data["severity"]),
        family=data["family"],
        detail=data["detail"],
        scenarios=tuple(data["scenarios"]),
        trials=tuple(data["trials"]),
        calls=tuple(map(Call.from_dict, data["calls"])),
    )
