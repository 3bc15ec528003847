"""A point of the fault space: one fault at one call of a trial, and the name that tells it all."""

from __future__ import annotations

import re
from dataclasses import dataclass

JOINT = " + "
"""Stands between the points of a scenario that has several."""

_POINT = r"(llm|tool|http) (.*?)(?: #([1-9][0-9]{0,8})|, every call): ([a-z_]+(?: [a-z0-9_]+)?)"
# Pairs first: a name that looks like the rest of a pair is less likely than a pair.
_PATTERNS = (re.compile(rf"{_POINT} \+ {_POINT}", re.DOTALL), re.compile(_POINT, re.DOTALL))
_PARTS = 4


@dataclass(frozen=True, slots=True)
class CallPosition:
    """The ``number``-th call (from 1) of a kind and name in a trial; all of them where it is None."""

    kind: str
    name: str
    number: int | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (", every call" if self.number is None else f" #{self.number}")

    def covers(self, other: CallPosition) -> bool:
        """Whether every call at ``other`` is one here."""
        same = (self.kind, self.name) == (other.kind, other.name)
        return same and self.number in (None, other.number)


@dataclass(frozen=True, slots=True)
class FaultPoint:
    """``fault`` at the calls of ``position``: a mode, with its variant where it has several."""

    position: CallPosition
    fault: str

    def __str__(self) -> str:
        return f"{self.position}: {self.fault}"

    @property
    def mode(self) -> str:
        """The fault without its variant: what a call says that it fired."""
        return self.fault.partition(" ")[0]

    def covers(self, other: FaultPoint) -> bool:
        """Whether this does at least what ``other`` does."""
        return self.fault == other.fault and self.position.covers(other.position)


def scenario_name(points: tuple[FaultPoint, ...]) -> str:
    """The name of the scenario that has these one or two points: ``llm gpt-4o #1: refused``."""
    return JOINT.join(map(str, points))


def points_in(scenario: str) -> tuple[FaultPoint, ...]:
    """The points of which ``scenario`` is the name; none where it is another scenario."""
    for pattern in _PATTERNS:
        found = pattern.fullmatch(scenario)
        if found is not None:
            parts = found.groups()
            return tuple(_point(parts[at : at + _PARTS]) for at in range(0, len(parts), _PARTS))
    return ()


def _point(parts: tuple[str, ...]) -> FaultPoint:
    kind, name, number, fault = parts
    return FaultPoint(CallPosition(kind, name, int(number) if number else None), fault)
