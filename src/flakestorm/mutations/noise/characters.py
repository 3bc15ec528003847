"""Letters that are swapped, lost, doubled, added, or read or heard as others: one slip in a word."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from random import Random
from string import ascii_lowercase

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose, drafted, pick
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Word, Wording

Slip = Callable[[Word, Random], "Edit | None"]


def _slips(source: Source, rng: Random, intensity: float, slip: Slip) -> Draft | None:
    words = source.wording.long_words
    if not words:
        return None
    found = (slip(word, rng) for word in pick(rng, words, intensity))
    return drafted(edit for edit in found if edit)


def _transposed(word: Word, rng: Random) -> Edit | None:
    text = word.text
    # The first letter stays where it can: that is where people look, and so where they notice.
    first = 1 if len(text) > 2 else 0
    places = [place for place in range(first, len(text) - 1) if text[place] != text[place + 1]]
    if not places and first and text[0] != text[1]:
        places = [0]
    if not places:
        return None
    place = rng.choice(places)
    start = word.start + place
    return Edit(start, start + 2, text[place + 1] + text[place])


def _dropped(word: Word, rng: Random) -> Edit | None:
    if len(word.text) < 2:
        return None
    start = word.start + rng.randrange(1, len(word.text))
    return Edit(start, start + 1, "")


def _doubled(word: Word, rng: Random) -> Edit | None:
    place = rng.randrange(len(word.text))
    at = word.start + place + 1
    return Edit(at, at, word.text[place].lower() if place == 0 and len(word.text) > 1 else word.text[place])


def _inserted(word: Word, rng: Random) -> Edit | None:
    at = word.start + rng.randrange(1, len(word.text) + 1)
    letter = rng.choice(ascii_lowercase)
    return Edit(at, at, letter.upper() if len(word.text) > 1 and word.text.isupper() else letter)


@operator("noise", "transpose", Kind.PRESERVES_MEANING, weight=2.0)
def transpose(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Swaps two neighbouring letters of a word."""
    return _slips(source, rng, intensity, _transposed)


@operator("noise", "drop", Kind.PRESERVES_MEANING, weight=2.0)
def drop(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Loses a letter of a word, never the first."""
    return _slips(source, rng, intensity, _dropped)


@operator("noise", "duplicate", Kind.PRESERVES_MEANING)
def duplicate(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Types a letter of a word twice."""
    return _slips(source, rng, intensity, _doubled)


@operator("noise", "insert", Kind.PRESERVES_MEANING)
def insert(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds a stray letter to a word."""
    return _slips(source, rng, intensity, _inserted)


Change = tuple[int, int, str]
"""(start, end, replacement) within a word."""


def _sites(wording: Wording, changes: Callable[[str], tuple[Change, ...]]) -> Options:
    found = ((word.start, changes(word.text)) for word in wording.words)
    return tuple(
        tuple(Edit(start + first, start + last, other) for first, last, other in some)
        for start, some in found
        if some
    )


@lru_cache(maxsize=4096)
def _misreadings(word: str) -> tuple[Change, ...]:
    confusions = tables.table("ocr")
    return tuple(
        (start, start + width, other)
        for start in range(len(word))
        for width in (1, 2)
        for other in confusions.get(word[start : start + width].ljust(width, "\0"), ())
    )


@lru_cache(maxsize=64)
def _misread(wording: Wording) -> Options:
    return _sites(wording, _misreadings)


@operator("noise", "ocr", Kind.PRESERVES_MEANING)
def ocr(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Misreads a letter as a scanner does: "rn" for "m", "0" for "o"."""
    return choose(rng, _misread(source.wording), intensity)


@cache
def _sounds() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = tables.table("phonetic")
    return tuple((re.compile(pattern, re.IGNORECASE), others[0]) for pattern, others in rows.items())


@lru_cache(maxsize=4096)
def _mishearings(word: str) -> tuple[Change, ...]:
    if len(word) < 3:
        return ()
    return tuple(
        (*match.span(), _cased(match.group(), sound))
        for pattern, sound in _sounds()
        for match in pattern.finditer(word)
    )


@lru_cache(maxsize=64)
def _misheard(wording: Wording) -> Options:
    return _sites(wording, _mishearings)


def _cased(found: str, sound: str) -> str:
    if found.isupper():
        return sound.upper() if len(found) > 1 else sound.capitalize()
    return sound.capitalize() if found[0].isupper() else sound


@operator("noise", "phonetic", Kind.PRESERVES_MEANING)
def phonetic(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Spells a word as it sounds: "fone" for "phone"."""
    return choose(rng, _misheard(source.wording), intensity)


VOWEL = re.compile(r"(?<=\w)[aeiou]+", re.IGNORECASE)


@lru_cache(maxsize=64)
def _vowels(wording: Wording) -> tuple[tuple[Edit, ...], ...]:
    """Word by word, the edits that take out its vowels except a first letter."""
    sites = []
    for word in wording.long_words:
        runs = [match.span() for match in VOWEL.finditer(word.text)]
        if runs:
            sites.append(tuple(Edit(word.start + start, word.start + end, "") for start, end in runs))
    return tuple(sites)


@operator("noise", "vowel_drop", Kind.PRESERVES_MEANING)
def vowel_drop(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Leaves the vowels of a word out: "pssword"."""
    sites = _vowels(source.wording)
    if not sites:
        return None
    return drafted(edit for edits in pick(rng, sites, intensity) for edit in edits)
