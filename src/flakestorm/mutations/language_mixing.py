"""Language mixing: the same request with words of other languages, in other scripts and other alphabets."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from random import Random

import flakestorm.mutations.language_mixing_digits  # noqa: F401 - imported for its operator
from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import around, drafted, pick
from flakestorm.mutations.language_mixing_alphabets import ALPHABETS, DIACRITICS, PLAIN
from flakestorm.mutations.language_mixing_scripts import SCRIPTS
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.tables import table
from flakestorm.mutations.wording import Word, Wording, in_case_of

FAMILY = "language_mixing"

LANGUAGES = ("german", "french", "spanish", "italian", "portuguese", "dutch", "chinese", "japanese")
"""The columns of ``data/code_switching.txt``, in order."""

BILINGUAL = 0.3
"""The least share of the known words that is switched: bilingual speakers switch more than one."""

GREETINGS = {
    "arabic": ("مرحبا، ", " شكرا جزيلا"),
    "hebrew": ("שלום, ", " תודה רבה"),
    "persian": ("سلام، ", " خیلی ممنون"),
    "urdu": ("السلام علیکم، ", " بہت شکریہ"),
}


Change = Callable[[Word], Sequence[str]]
"""What a word can be replaced by; empty where it has to stay. A function made once, so it can be a key."""


@lru_cache(maxsize=256)
def _replaceable(wording: Wording, change: Change) -> tuple[tuple[Word, Sequence[str]], ...]:
    """The words that ``change`` has something else for, each with what there is to choose from."""
    found = ((word, [new for new in change(word) if new != word.text]) for word in wording.words)
    return tuple(pair for pair in found if pair[1])


def _replaced(source: Source, rng: Random, share: float, change: Change) -> Draft | None:
    """``share`` (0–1) of the words that ``change`` has something else for, replaced."""
    found = _replaceable(source.wording, change)
    if not found:
        return None
    picked = pick(rng, found, share)
    return Draft(tuple([Edit(word.start, word.end, rng.choice(others)) for word, others in picked]))


Spelling = Callable[[str], str]
"""A word in other letters."""


def _respelled(source: Source, rng: Random, share: float, spell: Spelling) -> Draft | None:
    """``share`` (0–1) of the words in other letters; where those have none, of the words that have some."""
    words = source.wording.words
    draft = _spelled(pick(rng, words, share), spell) if words else None
    if draft is not None:
        return draft
    others = [word for word in words if spell(word.text) != word.text]
    return _spelled(pick(rng, others, share), spell) if others else None


def _spelled(words: Sequence[Word], spell: Spelling) -> Draft | None:
    written = [(word, spell(word.text)) for word in words]
    return drafted([Edit(word.start, word.end, new) for word, new in written if new != word.text])


def _listed(columns: range) -> Change:
    """The word in the languages of these columns of ``data/code_switching.txt``."""

    def change(word: Word) -> Sequence[str]:
        row = table("code_switching").get(word.lower)
        return [in_case_of(word.text, row[column]) for column in columns] if row else ()

    return change


def _register_code_switching(language: str, column: int) -> None:
    change = _listed(range(column, column + 1))

    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:
        return _replaced(source, rng, max(intensity, BILINGUAL), change)

    apply.__doc__ = f"Says some of the words in {language.capitalize()}."
    operator(FAMILY, f"{language}_words", Kind.PRESERVES_MEANING)(apply)


def _register_script(script: str, write: Callable[[str], str]) -> None:
    spell = lru_cache(maxsize=4096)(write)

    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one script for all
        return _respelled(source, rng, 1.0, spell)

    apply.__doc__ = f"Writes the words in {script.capitalize()} letters, sound by sound."
    operator(FAMILY, f"{script}_letters", Kind.PRESERVES_MEANING)(apply)


def _register_alphabet(name: str, summary: str, letters: Mapping[int, int | str]) -> None:
    @lru_cache(maxsize=4096)
    def spell(word: str) -> str:
        return word.translate(letters)

    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:
        # The whole text from the middle of the scale on, single words below.
        share = 1.0 if intensity >= 0.5 else max(2 * intensity, 0.2)
        return _respelled(source, rng, share, spell)

    apply.__doc__ = f"{summary}."
    operator(FAMILY, name, Kind.PRESERVES_MEANING)(apply)


for _column, _language in enumerate(LANGUAGES):
    _register_code_switching(_language, _column)
for _script, _write in SCRIPTS.items():
    _register_script(_script, _write)
for _name, (_summary, _letters) in ALPHABETS.items():
    _register_alphabet(_name, _summary, _letters)


EUROPEAN, EAST_ASIAN = _listed(range(6)), _listed(range(6, 8))


@operator(FAMILY, "several_languages", Kind.PRESERVES_MEANING)
def several_languages(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Says some of the words in several languages at once."""
    return _replaced(source, rng, max(intensity, BILINGUAL), EUROPEAN)


@operator(FAMILY, "cjk_mixed", Kind.PRESERVES_MEANING)
def cjk_mixed(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Mixes Chinese and Japanese words into the sentence, without the spaces around them."""
    draft = _replaced(source, rng, max(intensity, BILINGUAL), EAST_ASIAN)
    return Draft(tuple(_without_space(source, edit) for edit in draft.edits)) if draft else None


def _without_space(source: Source, edit: Edit) -> Edit:
    """``edit`` over the space before it as well, where that space is not protected."""
    start = edit.start - 1
    if start >= 0 and source.text[start] == " " and source.wording.is_free(start, edit.start):
        return Edit(start, edit.end, edit.replacement)
    return edit


def _emoji(word: Word) -> Sequence[str]:
    return table("emoji").get(word.lower, ())


@operator(FAMILY, "emoji_words", Kind.PRESERVES_MEANING)
def emoji_words(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Replaces words by emoji that stand for them."""
    return _replaced(source, rng, max(intensity, 0.5), _emoji)


@lru_cache(maxsize=64)
def _accentable(wording: Wording) -> tuple[tuple[int, str], ...]:
    """The letters that can take accents: where they stand, and the accented ones."""
    return tuple(
        (place, DIACRITICS[letter])
        for word in wording.words
        for place, letter in enumerate(word.text, word.start)
        if letter in DIACRITICS
    )


@operator(FAMILY, "diacritics_added", Kind.PRESERVES_MEANING)
def diacritics_added(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts accents on letters that have none."""
    found = _accentable(source.wording)
    picked = pick(rng, found, intensity) if found else ()
    return drafted([Edit(place, place + 1, rng.choice(accented)) for place, accented in picked])


def _is_latin(char: str) -> bool:
    return char <= "ɏ" or "Ḁ" <= char <= "ỿ"


def _stripped(word: str) -> str:
    # Only Latin letters: elsewhere a mark is often a vowel, and the word would be another one without it.
    letters = (
        PLAIN.get(char) or (unicodedata.normalize("NFD", char)[0] if _is_latin(char) else char)
        for char in word
    )
    return "".join(letters)


@operator(FAMILY, "diacritics_stripped", Kind.PRESERVES_MEANING)
def diacritics_stripped(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - all of them
    """Takes the accents off all letters, as people do on a foreign keyboard."""
    if source.text.isascii():
        return None
    return _spelled(source.wording.words, _stripped)


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
