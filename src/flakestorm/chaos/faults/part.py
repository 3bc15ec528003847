"""What one fault does to one call: its part of the effect, and what it may look at to decide that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TypeAlias

from flakestorm.chaos.effect import Answer, Connection, Framing, Shaper
from flakestorm.chaos.request import CallRequest


@dataclass(frozen=True, slots=True)
class Part:
    """The fields mean what they mean in ``Effect``.

    A ``rewrite`` or ``request`` that returns what it was given, and a shaper that passes everything on as it
    came, changed nothing: then the fault did not fire.
    """

    delay_ms: float = 0.0
    connection: Connection = ""
    hang_ms: float = 0.0
    answer: Answer | None = None
    request: Callable[[bytes], bytes] | None = None
    lost: bool = False
    rewrite: Callable[[Answer], Answer] | None = None
    shaper: Callable[[], Shaper] | None = None
    framing: Framing = ""

    @property
    def is_final(self) -> bool:
        """Whether the caller gets nothing of the upstream's answer."""
        return bool(self.connection) or self.answer is not None or self.lost

    @property
    def is_editing(self) -> bool:
        """Whether only the bytes that pass show if anything changes."""
        return self.request is not None or self.rewrite is not None or self.shaper is not None


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fault knows when it fires. ``rng`` is its own, made for this decision.

    ``canary`` is what injected instructions ask for; ``probe`` stands in made-up errors, so that an error
    text in a reply can be recognised. ``occurrence`` is the number of the call, from 1, among those with the
    same match key. ``earlier`` are the answers that the same tool or model gave before in
    this trial, oldest first.
    """

    request: CallRequest
    rng: Random
    canary: str
    probe: str
    now: datetime
    occurrence: int
    earlier: tuple[Answer, ...] = ()


Decision: TypeAlias = "Part | str"
"""A part of the effect, or why the fault cannot do anything to this call."""
