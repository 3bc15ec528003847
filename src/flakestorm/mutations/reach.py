"""How much of a golden prompt a mutation disturbs: a name for each way, without anything heavy to import."""

from __future__ import annotations

from enum import Enum


class Reach(str, Enum):
    """What operators get to see of a golden prompt."""

    PROMPT = "prompt"
    """All of it."""
    SENTENCE = "sentence"
    """One sentence, or one clause of a prompt that is a single sentence; the rest stays as it is."""
    MIXED = "mixed"
    """Half of the mutations the one, half the other."""

    def __str__(self) -> str:
        return self.value
