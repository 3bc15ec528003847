"""The list of planted agents, each with the findings and rules that would be right about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from environment.desk import Desk, RemoteDesk, StreamingDesk

CORRECT: tuple[type[Desk], ...] = (Desk, RemoteDesk, StreamingDesk)


@dataclass(frozen=True)
class Planted:
    """An agent with a defect: ``kinds`` are the findings and the rules that would be right about it."""

    desk: type[Desk]
    kinds: frozenset[str]

    @property
    def name(self) -> str:
        """The name of its class."""
        return self.desk.__name__

    @property
    def defect(self) -> str:
        """What is wrong with it."""
        return (self.desk.__doc__ or "").strip()

    @property
    def twin(self) -> type[Desk]:
        """The correct agent that it is otherwise."""
        return next(kind for kind in self.desk.__mro__ if kind in CORRECT)


PLANTED: list[Planted] = []


def planted(*kinds: str) -> Callable[[type[Desk]], type[Desk]]:
    """Puts a class on the list."""

    def add(desk: type[Desk]) -> type[Desk]:
        PLANTED.append(Planted(desk, frozenset(kinds)))
        return desk

    return add
