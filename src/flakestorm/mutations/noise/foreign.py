"""Characters that other keyboards, input methods and programs leave in a text: looking alike, or unseen."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import drafted, pick
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.token_manipulation_characters import HOMOGLYPHS
from flakestorm.mutations.wording import Wording

UNSEEN = ("\u00ad", "\u200b", "\u2060", "\ufeff")
"""Soft hyphen, zero-width space, word joiner, byte order mark."""
ACCENTS = ("\u0300", "\u0301", "\u0302", "\u0308")
"""Grave, acute, circumflex and diaeresis: what a dead key puts on the next letter."""
WIDE = ord("！") - ord("!")
"""Full-width forms stand so far behind their ASCII characters."""
CYRILLIC = {ord(letter): twins[0] for letter, twins in HOMOGLYPHS.items() if "\u0400" <= twins[0] <= "\u04ff"}


@operator("noise", "unseen", Kind.PRESERVES_MEANING)
def unseen(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Leaves soft hyphens and zero-width spaces in words, as text copied from pages has them."""
    words = source.wording.long_words
    if not words or not source.text.isascii():
        # Inside words of other scripts some of them would change the letters around them.
        return None
    places = (word.start + rng.randrange(1, max(2, len(word.text))) for word in pick(rng, words, intensity))
    return drafted(Edit(place, place, rng.choice(UNSEEN)) for place in places)


@lru_cache(maxsize=64)
def _vowels(wording: Wording) -> tuple[int, ...]:
    """The places of the letters that dead keys put accents on."""
    words = wording.words
    return tuple(
        place
        for word in words
        for place, letter in enumerate(word.text, word.start)
        if letter in "aeiouAEIOU"
    )


@operator("noise", "accent", Kind.PRESERVES_MEANING)
def accent(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Hits the dead key before a vowel, so that it gets an accent."""
    places = _vowels(source.wording)
    picked = pick(rng, places, intensity) if places else ()
    return drafted(
        Edit(place, place + 1, unicodedata.normalize("NFC", source.text[place] + rng.choice(ACCENTS)))
        for place in picked
    )


@operator("noise", "accent_apart", Kind.PRESERVES_MEANING)
def accent_apart(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts accents on vowels as marks of their own, as some systems store them."""
    places = _vowels(source.wording)
    picked = pick(rng, places, intensity) if places else ()
    return drafted(Edit(place + 1, place + 1, rng.choice(ACCENTS)) for place in picked)


def _widened(text: str) -> str:
    return "".join(chr(ord(char) + WIDE) if "!" <= char <= "~" else char for char in text)


def _cyrillic(text: str) -> str:
    return text.translate(CYRILLIC)


@lru_cache(maxsize=128)
def _respelt(wording: Wording, spell: Callable[[str], str]) -> tuple[Edit, ...]:
    """The words that ``spell`` changes."""
    spelt = ((word, spell(word.text)) for word in wording.words)
    return tuple(Edit(word.start, word.end, other) for word, other in spelt if other != word.text)


def _some(source: Source, rng: Random, intensity: float, spell: Callable[[str], str]) -> Draft | None:
    edits = _respelt(source.wording, spell)
    return Draft(tuple(pick(rng, edits, intensity))) if edits else None


@operator("noise", "other_layout", Kind.PRESERVES_MEANING)
def other_layout(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Types words with the Cyrillic keyboard where its letters look the same."""
    return _some(source, rng, intensity, _cyrillic)


@operator("noise", "full_width", Kind.PRESERVES_MEANING)
def full_width(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Types words in full-width letters, as an East Asian input method does until it is switched."""
    return _some(source, rng, intensity, _widened)
