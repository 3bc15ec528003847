"""Whole words misspelled, confused, abbreviated, torn apart, run together or written twice."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose, drafted, pick
from flakestorm.mutations.phrasebook import Phrasebook
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording, in_case_of


def _replacements(wording: Wording, words: dict[str, tuple[str, ...]]) -> Options:
    return tuple(
        tuple(Edit(word.start, word.end, in_case_of(word.text, other)) for other in words[word.lower])
        for word in wording.words
        if word.lower in words
    )


@lru_cache(maxsize=64)
def _misspelled(wording: Wording) -> Options:
    return _replacements(wording, tables.table("misspellings"))


@cache
def _homophones() -> dict[str, tuple[str, ...]]:
    return tables.by_word(tables.pairs("homophones"))


@lru_cache(maxsize=64)
def _confused(wording: Wording) -> Options:
    return _replacements(wording, _homophones())


@cache
def _abbreviated() -> Phrasebook[tuple[str, ...]]:
    return Phrasebook(tables.table("sms"))


@lru_cache(maxsize=64)
def _abbreviations(wording: Wording) -> Options:
    return tuple(
        tuple(Edit(found.start, found.end, form) for form in found.entry)
        for found in _abbreviated().find(wording)
    )


@lru_cache(maxsize=64)
def _seams(wording: Wording) -> Options:
    """The single spaces between two words that may be changed."""
    return tuple(
        (Edit(left.end, right.start, ""),)
        for left, right in pairwise(wording.words)
        if wording.text[left.end : right.start] == " "
    )


@operator("noise", "misspelling", Kind.PRESERVES_MEANING, weight=2.0)
def misspelling(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Misspells words the way people often do: "recieve"."""
    return choose(rng, _misspelled(source.wording), intensity)


@operator("noise", "homophone", Kind.PRESERVES_MEANING)
def homophone(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes a word that sounds the same: "there" for "their"."""
    return choose(rng, _confused(source.wording), intensity)


@operator("noise", "sms", Kind.PRESERVES_MEANING)
def sms(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Abbreviates as in a text message: "pls", "u", "b4"."""
    return choose(rng, _abbreviations(source.wording), intensity)


@operator("noise", "split_word", Kind.PRESERVES_MEANING)
def split_word(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Tears a word apart with a space: "pass word"."""
    words = [word for word in source.wording.long_words if word.end - word.start > 1]
    if not words:
        return None
    places = (rng.randrange(word.start + 1, word.end) for word in pick(rng, words, intensity))
    return drafted(Edit(place, place, " ") for place in places)


@operator("noise", "merge_words", Kind.PRESERVES_MEANING)
def merge_words(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Runs two words together: "mypassword"."""
    return choose(rng, _seams(source.wording), intensity)


@operator("noise", "duplicate_word", Kind.PRESERVES_MEANING)
def duplicate_word(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes a word twice: "reset my my password"."""
    words = source.wording.words
    if not words:
        return None
    doubled = pick(rng, words, intensity)
    return Draft(tuple(Edit(word.end, word.end, f" {_again(word.text)}") for word in doubled))


def _again(word: str) -> str:
    return word if word == "I" or word.isupper() else word.lower()
