"""A golden prompt: what the agent must handle correctly when nothing is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from flakestorm.model.randomness import identifier


@dataclass(frozen=True)
class GoldenPrompt:
    """One input, or a conversation whose last turn is the one that gets disturbed.

    ``turns`` holds at least one text. ``name`` is what reports show; without one they show the text.
    """

    turns: tuple[str, ...]
    name: str = field(default="", compare=False)

    @cached_property
    def id(self) -> str:
        """Eight hexadecimal characters that depend on the turns alone, so that runs can be paired."""
        return identifier(*self.turns, length=8)

    @property
    def text(self) -> str:
        """The turn that mutations change: the last one."""
        return self.turns[-1]
