"""Language mixing: the same request with words of other languages, in other scripts and other alphabets."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import around, pick
from flakestorm.mutations.language_mixing_alphabets import ALPHABETS, DIACRITICS, PLAIN
from flakestorm.mutations.language_mixing_scripts import SCRIPTS
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.tables import table
from flakestorm.mutations.wording import Word, in_case_of

FAMILY = "language_mixing"

LANGUAGES = ("german", "french", "spanish", "italian", "portuguese", "dutch", "chinese", "japanese")
"""The columns of ``data/code_switching.txt``, in order."""

GREETINGS = {
    "arabic": ("مرحبا، ", " شكرا جزيلا"),
    "hebrew": ("שלום, ", " תודה רבה"),
    "persian": ("سلام، ", " خیلی ممنون"),
    "urdu": ("السلام علیکم، ", " بہت شکریہ"),
}


def _replaced(
    source: Source, rng: Random, intensity: float, change: Callable[[Word], str | None]
) -> Draft | None:
    """The picked ones of the words that ``change`` makes something else of, each as one edit."""
    edits = [
        Edit(word.start, word.end, new)
        for word in source.wording.words
        if (new := change(word)) is not None and new != word.text
    ]
    return Draft(tuple(pick(rng, edits, intensity))) if edits else None


def _from_columns(rng: Random, columns: range) -> Callable[[Word], str | None]:
    """What a word is in one of the languages of ``columns``, drawn anew for each word."""

    def change(word: Word) -> str | None:
        row = table("code_switching").get(word.lower)
        return in_case_of(word.text, row[rng.choice(columns)]) if row else None

    return change


def _register_code_switching(language: str, column: int) -> None:
    columns = range(column, column + 1)

    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:
        # A sentence with half of its known words switched reads like a bilingual speaker's.
        return _replaced(source, rng, max(intensity, 0.3), _from_columns(rng, columns))

    apply.__doc__ = f"Says some of the words in {language.capitalize()}."
    operator(FAMILY, f"{language}_words", Kind.PRESERVES_MEANING)(apply)


def _register_script(script: str, write: Callable[[str], str]) -> None:
    remembered = lru_cache(maxsize=4096)(write)

    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one script for all
        return _replaced(source, rng, 1.0, lambda word: remembered(word.text))

    apply.__doc__ = f"Writes the words in {script.replace('_', ' ').title()} letters, sound by sound."
    operator(FAMILY, f"{script}_letters", Kind.PRESERVES_MEANING)(apply)


def _register_alphabet(name: str, summary: str, letters: Mapping[int, int | str]) -> None:
    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:
        # The whole text from the middle of the scale on, single words below.
        share = 1.0 if intensity >= 0.5 else max(2 * intensity, 0.2)
        return _replaced(source, rng, share, lambda word: word.text.translate(letters))

    apply.__doc__ = f"{summary}."
    operator(FAMILY, name, Kind.PRESERVES_MEANING)(apply)


for _column, _language in enumerate(LANGUAGES):
    _register_code_switching(_language, _column)
for _script, _write in SCRIPTS.items():
    _register_script(_script, _write)
for _name, (_summary, _letters) in ALPHABETS.items():
    _register_alphabet(_name, _summary, _letters)


@operator(FAMILY, "several_languages", Kind.PRESERVES_MEANING)
def several_languages(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Says some of the words in several languages at once."""
    return _replaced(source, rng, max(intensity, 0.3), _from_columns(rng, range(6)))


@operator(FAMILY, "cjk_mixed", Kind.PRESERVES_MEANING)
def cjk_mixed(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Mixes Chinese and Japanese words into the sentence, without the spaces around them."""
    draft = _replaced(source, rng, max(intensity, 0.3), _from_columns(rng, range(6, 8)))
    return Draft(tuple(_without_spaces(source, edit) for edit in draft.edits)) if draft else None


def _without_spaces(source: Source, edit: Edit) -> Edit:
    """``edit`` over the space before it as well, where that space is not protected."""
    start = edit.start - 1
    if start >= 0 and source.text[start] == " " and source.wording.is_free(start, edit.start):
        return Edit(start, edit.end, edit.replacement)
    return edit


@operator(FAMILY, "emoji_words", Kind.PRESERVES_MEANING)
def emoji_words(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Replaces words by emoji that stand for them."""

    def change(word: Word) -> str | None:
        signs = table("emoji").get(word.lower)
        return rng.choice(signs) if signs else None

    return _replaced(source, rng, max(intensity, 0.5), change)


@operator(FAMILY, "diacritics_added", Kind.PRESERVES_MEANING)
def diacritics_added(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts accents on letters that have none."""
    places = [
        (place, character)
        for word in source.wording.words
        for place, character in enumerate(word.text, word.start)
        if character in DIACRITICS
    ]
    if not places:
        return None
    picked = pick(rng, places, intensity)
    return Draft(tuple(Edit(at, at + 1, rng.choice(DIACRITICS[letter])) for at, letter in picked))


@operator(FAMILY, "diacritics_stripped", Kind.PRESERVES_MEANING)
def diacritics_stripped(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - all of them
    """Takes the accents off all letters, as people do on a foreign keyboard."""
    if source.text.isascii():
        return None
    return _replaced(source, rng, 1.0, lambda word: _stripped(word.text))


def _stripped(text: str) -> str:
    # Only Latin letters: elsewhere a mark is often a vowel, and the word would be another one without it.
    return "".join(
        PLAIN.get(char) or (unicodedata.normalize("NFD", char)[0] if "À" <= char <= "ỹ" else char)
        for char in text
    )


@operator(FAMILY, "right_to_left_embedding", Kind.PRESERVES_MEANING)
def right_to_left_embedding(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - whole text
    """Embeds the prompt in right-to-left controls, as a copy from a right-to-left page would be."""
    before, after = rng.choice((("\u202b", "\u202c"), ("\u2067", "\u2069"), ("\u200f", "\u200f")))
    return around(source.text, before, after)


@operator(FAMILY, "right_to_left_greeting", Kind.PRESERVES_MEANING)
def right_to_left_greeting(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Greets in Arabic, Hebrew, Persian or Urdu, and thanks in it."""
    before, after = GREETINGS[rng.choice(tuple(GREETINGS))]
    return around(source.text, before, after if intensity >= 0.3 else "")
