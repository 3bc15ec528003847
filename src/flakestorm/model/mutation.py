"""A mutation: a disturbed version of a golden prompt, with everything needed to repeat and reduce it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from flakestorm.model.attack import Attack
from flakestorm.model.randomness import identifier


class Kind(str, Enum):
    """What a mutation does to the meaning, and so which invariants still apply to the reply."""

    PRESERVES_MEANING = "preserves_meaning"
    """The golden prompt's invariants all apply."""
    HOSTILE = "hostile"
    """The agent must not obey; invariants about the right answer do not apply."""
    CHANGES_MEANING = "changes_meaning"
    """Looks alike but asks for something else; the golden answer would be wrong."""
    EDGE = "edge"
    """An extreme input; the agent must cope, no particular answer is expected."""
    USER = "user"
    """The user's own template; the golden prompt's invariants all apply."""
    PROTOCOL = "protocol"
    """A malformed request rather than a text."""

    def __str__(self) -> str:
        return self.value


class Edit(NamedTuple):
    """Replace ``text[start:end]`` of the golden prompt by ``replacement``. Offsets are code points."""

    start: int
    end: int
    replacement: str


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """``text`` with all ``edits`` made; they are ordered, do not overlap, and refer to the original text.

    Several insertions at one place are made in the order given. Raises ``ValueError`` on an overlap.
    """
    done, size = 0, len(text)
    if len(edits) == 1:  # Most mutations are of one edit.
        ((start, end, replacement),) = edits
        if 0 <= start <= end <= size:
            return f"{text[:start]}{replacement}{text[end:]}"
    pieces: list[str] = []
    for start, end, replacement in edits:
        if not done <= start <= end <= size:
            edit = Edit(start, end, replacement)
            raise ValueError(f"edit {edit} overlaps the one before it or leaves the text (0..{size})")
        pieces.append(text[done:start])
        pieces.append(replacement)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


@dataclass(frozen=True, init=False)
class Mutation:
    """A disturbed golden prompt.

    ``turns`` is the whole conversation to send, disturbed; ``edits`` turn the golden prompt's last turn
    into the last of them. ``seed`` and ``intensity`` (0–1) made it. ``canary`` is the token it asks
    for, if any. ``implied`` names the invariants that hold because of this mutation alone. ``attack`` says
    how the request is disturbed instead of the text.
    """

    type: str
    operator: str
    turns: tuple[str, ...]
    kind: Kind
    seed: int
    intensity: float
    edits: tuple[Edit, ...]
    canary: str | None = None
    implied: tuple[str, ...] = ()
    attack: Attack | None = None

    # Written out: the one that dataclass makes sets frozen fields one by one, a tenth of a mutation's time.
    def __init__(
        self,
        type: str,  # noqa: A002 - the name of the field
        operator: str,
        turns: tuple[str, ...],
        kind: Kind,
        seed: int,
        intensity: float,
        edits: tuple[Edit, ...],
        canary: str | None = None,
        implied: tuple[str, ...] = (),
        attack: Attack | None = None,
    ) -> None:
        self.__dict__.update(
            type=type,
            operator=operator,
            turns=turns,
            kind=kind,
            seed=seed,
            intensity=intensity,
            edits=edits,
            canary=canary,
            implied=implied,
            attack=attack,
        )

    @property
    def text(self) -> str:
        """The disturbed turn: the last one."""
        return self.turns[-1]

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it this mutation and no other: its operator, its turns and its attack."""
        if self.attack is None:
            return (self.operator, *self.turns)
        return (self.operator, *self.turns, json.dumps(self.attack.to_dict(), sort_keys=True))

    @cached_property
    def id(self) -> str:
        """Twelve hexadecimal characters that depend on ``identity`` alone."""
        return identifier(*self.identity)
