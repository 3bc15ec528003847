"""Other words for the same thing, where the words around it leave no doubt about the sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose
from flakestorm.mutations.inflection import article, noun_forms, verb_forms
from flakestorm.mutations.phrasebook import Phrasebook
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Word, Wording, in_case_of

BEFORE_VERB = tables.words(
    "to please i you we they it he she can could will would should must may might shall not don't can't "
    "won't didn't doesn't couldn't wouldn't shouldn't cannot kindly just then also people users "
    "customers let's"
)
BEFORE_NOUN = tables.words("the a an my your his her its our their this that these those any some no each")
BEFORE_PARTICIPLE = BEFORE_VERB | tables.words(
    "have has had been be is are was were am being haven't hasn't i've we've they've you've it's who which "
    "that already recently still never always before after by without from for of about on in when while"
)
AFTER_VERB_NOT = tables.words(
    "up out off down over away back to for in on into through around sure that if whether like again"
)
AFTER_ADJECTIVE_NOT = tables.words("of to as than enough more less much")
AFTER_ADVERB_NOT = tables.words("much many as than")

Guard = Callable[[str, str, str, bool], bool]
"""(lower-case word, word before, word after, first in its sentence) → whether the sense is certain."""


def _verb(word: str, before: str, after: str, first: bool) -> bool:
    if after in AFTER_VERB_NOT:
        return False
    inflected = word.endswith(("ed", "ing"))
    return (first and not inflected) or before in (BEFORE_PARTICIPLE if inflected else BEFORE_VERB)


def _noun(word: str, before: str, after: str, first: bool) -> bool:  # noqa: ARG001 - one port for all guards
    return before in BEFORE_NOUN


def _adjective(word: str, before: str, after: str, first: bool) -> bool:  # noqa: ARG001 - the same
    return not first and after not in AFTER_ADJECTIVE_NOT and before not in ("how", "as", "so", "too", "to")


def _adverb(word: str, before: str, after: str, first: bool) -> bool:  # noqa: ARG001 - the same
    return after not in AFTER_ADVERB_NOT and before not in ("as", "so", "too", "very")


GUARDS: tuple[tuple[str, Guard, Callable[[str], tuple[str, ...]]], ...] = (
    ("verb", _verb, verb_forms),
    ("noun", _noun, noun_forms),
    ("adjective", _adjective, lambda word: (word,)),
    ("adverb", _adverb, lambda word: (word,)),
)


@cache
def _vocabulary() -> dict[str, tuple[tuple[Guard, tuple[str, ...]], ...]]:
    """Word → for each part of speech that it may be, the guard and the replacements."""
    found: dict[str, list[tuple[Guard, tuple[str, ...]]]] = {}
    for heading, guard, forms in GUARDS:
        inflected = [
            pair
            for word, other in tables.pairs("synonyms", heading)
            for pair in _unambiguous(forms(word), forms(other))
        ]
        for word, others in tables.by_word(tuple(inflected)).items():
            found.setdefault(word, []).append((guard, others))
    return {word: tuple(rows) for word, rows in found.items()}


def _unambiguous(forms: tuple[str, ...], others: tuple[str, ...]) -> list[tuple[str, str]]:
    # "started" is past and participle, but "began" and "begun" differ: such a form is left out.
    if len(forms) != len(others):
        return []
    targets: dict[str, set[str]] = {}
    for form, other in zip(forms, others, strict=True):
        targets.setdefault(form, set()).add(other)
    return [(form, min(found)) for form, found in targets.items() if len(found) == 1]


@cache
def _phrases() -> Phrasebook[tuple[str, ...]]:
    return Phrasebook(tables.by_word(tables.pairs("synonyms", "phrase")))


def _phrase_sites(wording: Wording, taken: set[int]) -> Iterator[tuple[Edit, ...]]:
    for found in _phrases().find(wording):
        taken.update(range(found.first, found.last))
        text = wording.text[found.start : found.end]
        yield tuple(Edit(found.start, found.end, _cased(text, other)) for other in found.entry)


def _cased(found: str, other: str) -> str:
    # A phrase in the middle may begin with "I", which says nothing about capitals.
    start = other[:1].upper() + other[1:] if found[:1].isupper() and not found.startswith("I ") else other
    if found.startswith("I "):
        start = other[:1].upper() + other[1:] if other.startswith("i ") else other
    return re.sub(r"\bi\b", "I", start)


def _word_sites(wording: Wording, taken: set[int]) -> Iterator[tuple[Edit, ...]]:
    vocabulary = _vocabulary()
    words = wording.words
    openings = {start for start, _ in wording.sentences}
    for index, word in enumerate(words):
        senses = vocabulary.get(word.lower)
        if senses is None or index in taken:
            continue
        first = word.start in openings
        if _is_name_or_joined(wording.text, word, first):
            continue
        before = words[index - 1] if index else None
        after = words[index + 1].lower if index + 1 < len(words) else ""
        for guard, others in senses:
            if guard(word.lower, before.lower if before else "", after, first):
                yield tuple(_edit(wording.text, word, before, other) for other in others)
                break


def _is_name_or_joined(text: str, word: Word, first: bool) -> bool:
    capital = word.text[0].isupper() and not first and not text.isupper()
    return capital or "-" in (text[word.start - 1 : word.start], text[word.end : word.end + 1])


def _edit(text: str, word: Word, before: Word | None, other: str) -> Edit:
    replacement = in_case_of(word.text, other)
    if (
        before
        and before.lower in ("a", "an")
        and article(other) != before.lower
        and before.end + 1 == word.start
    ):
        fitting = in_case_of(before.text, article(other))
        return Edit(before.start, word.end, f"{fitting}{text[before.end : word.start]}{replacement}")
    return Edit(word.start, word.end, replacement)


@lru_cache(maxsize=64)
def _sites(wording: Wording) -> Options:
    taken: set[int] = set()
    sites = [*_phrase_sites(wording, taken), *_word_sites(wording, taken)]
    return tuple(sorted(sites, key=lambda edits: max(edit.start for edit in edits)))


@operator("paraphrase", "synonym", Kind.PRESERVES_MEANING, weight=2.0)
def synonym(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Replaces words and phrases by synonyms that fit the sentence."""
    return choose(rng, _sites(source.wording), intensity)
