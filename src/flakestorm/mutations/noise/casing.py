"""Capitals where they do not belong, or nowhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import drafted, pick
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording

WHOLE = 0.3
"""From this intensity on the whole text changes: half a sentence in capitals is rarer than all of it."""


def alternating(word: str) -> str:
    """``password`` → ``pAsSwOrD``."""
    return "".join(letter.upper() if place % 2 else letter.lower() for place, letter in enumerate(word))


def toggled(word: str) -> str:
    """What is typed with caps lock on."""
    return word.swapcase()


@lru_cache(maxsize=256)
def _changes(wording: Wording, case: Callable[[str], str]) -> tuple[Edit, ...]:
    recased = ((word, case(word.text)) for word in wording.words)
    return tuple(Edit(word.start, word.end, other) for word, other in recased if other != word.text)


def _recase(source: Source, rng: Random, intensity: float, case: Callable[[str], str]) -> Draft | None:
    changes = _changes(source.wording, case)
    if not changes or intensity >= WHOLE:
        return drafted(changes)
    return Draft(tuple(pick(rng, changes, intensity / WHOLE)))


@operator("noise", "upper", Kind.PRESERVES_MEANING)
def upper(source: Source, rng: Random, intensity: float) -> Draft | None:
    """WRITES EVERYTHING IN CAPITALS."""
    return _recase(source, rng, intensity, str.upper)


@operator("noise", "lower", Kind.PRESERVES_MEANING)
def lower(source: Source, rng: Random, intensity: float) -> Draft | None:
    """writes everything in small letters."""
    return _recase(source, rng, intensity, str.lower)


@operator("noise", "title", Kind.PRESERVES_MEANING)
def title(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes Every Word With A Capital."""
    return _recase(source, rng, intensity, str.capitalize)


@operator("noise", "alternating", Kind.PRESERVES_MEANING)
def alternating_case(source: Source, rng: Random, intensity: float) -> Draft | None:
    """WrItEs in alternating case."""
    return _recase(source, rng, intensity, alternating)


@operator("noise", "caps_lock", Kind.PRESERVES_MEANING)
def caps_lock(source: Source, rng: Random, intensity: float) -> Draft | None:
    """wRITES WITH CAPS LOCK ON."""
    return _recase(source, rng, intensity, toggled)
