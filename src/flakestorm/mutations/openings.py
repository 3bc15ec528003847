"""The beginning of a sentence: is it a command, and may it lose its capital letter?"""

from __future__ import annotations

from functools import cache

from flakestorm.model.mutation import Edit
from flakestorm.mutations import tables
from flakestorm.mutations.protected import Span
from flakestorm.mutations.wording import Word, Wording


@cache
def imperatives() -> frozenset[str]:
    """Base forms of the verbs that requests begin with."""
    return frozenset(word for line in tables.lines("imperatives") for word in line.split())


@cache
def _common() -> frozenset[str]:
    return imperatives().union(word for line in tables.lines("openings") for word in line.split())


def first_word(wording: Wording, sentence: Span) -> Word | None:
    """The word that ``sentence`` begins with, unless it begins with something protected or no word."""
    word = wording.word_from(sentence[0])
    return word if word and word.start == sentence[0] else None


def commands(wording: Wording) -> tuple[Span, ...]:
    """The sentences that begin with a verb in the imperative and do not end with a question mark."""
    found = []
    for start, end in wording.sentences:
        word = first_word(wording, (start, end))
        if word and word.lower in ("please", "kindly"):
            word = wording.word_from(word.end)
        if (
            word
            and word.end <= end
            and word.lower in imperatives()
            and "?" not in wording.text[max(start, end - 2) : end]
        ):
            found.append((start, end))
    return tuple(found)


def led_by(wording: Wording, sentence: Span, lead: str) -> Edit:
    """Put ``lead`` in front of ``sentence``, whose first word loses a capital that it owes to its place."""
    start = sentence[0]
    word = first_word(wording, sentence)
    if word and word.lower in _common() and word.text[0].isupper() and word.text[1:].islower():
        return Edit(start, start + 1, lead + word.lower[0])
    return Edit(start, start, lead)


def opened_by(wording: Wording, phrase: str) -> Edit:
    """Put ``phrase`` in front of the whole text, which must have a sentence.

    After a closing mark the first sentence stays as it is; otherwise ``phrase`` runs on into it.
    """
    start = wording.body[0]
    if phrase[-1] in ".!?":
        return Edit(start, start, f"{phrase} ")
    return led_by(wording, wording.sentences[0], f"{phrase} ")


def closed_by(wording: Wording, sentence: Span, mark: str) -> tuple[Edit, ...]:
    """Make ``mark`` (one character) the closing mark of ``sentence``; nothing where it already is."""
    start, end = sentence
    last = wording.text[end - 1]
    if last == mark:
        return ()
    if last in ".!?" and end - 1 > start and wording.is_free(end - 1, end):
        return (Edit(end - 1, end, mark),)
    return (Edit(end, end, mark),)
