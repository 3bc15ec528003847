"""Words and runs of words looked up in a text: one look-up per word, however long the list is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from flakestorm.mutations.wording import Word, Wording

T = TypeVar("T")
JOINED = frozenset("-/@_")
"""Beside one of these a word is part of something longer."""


class Found(NamedTuple, Generic[T]):
    """An entry at ``words[first:last]`` of the wording."""

    first: int
    last: int
    start: int
    end: int
    entry: T


class Phrasebook(Generic[T]):
    """Lower-case words and phrases (words with one space between) with an entry for each."""

    def __init__(self, entries: Mapping[str, T]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, entry in entries.items():
            words = tuple(phrase.split(" "))
            self._by_first.setdefault(words[0], []).append((words, entry))
        for options in self._by_first.values():
            options.sort(key=lambda option: -len(option[0]))

    def find(self, wording: Wording) -> Iterator[Found[T]]:
        """The entries in ``wording`` from left to right, the longest at each place, without overlaps."""
        words = wording.words
        done = 0
        for index, word in enumerate(words):
            if index < done or word.lower not in self._by_first:
                continue
            for phrase, entry in self._by_first[word.lower]:
                last = index + len(phrase)
                if _matches(wording.text, words[index:last], phrase):
                    yield Found(index, last, word.start, words[last - 1].end, entry)
                    done = last
                    break


def _matches(text: str, words: tuple[Word, ...], phrase: tuple[str, ...]) -> bool:
    if len(words) != len(phrase) or text[words[0].start - 1 : words[0].start] in JOINED:
        return False
    for word, wanted in zip(words, phrase, strict=True):
        if word.lower != wanted:
            return False
    spaced = all(text[left.end : right.start] == " " for left, right in pairwise(words))
    return spaced and text[words[-1].end : words[-1].end + 1] not in JOINED
