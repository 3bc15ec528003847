"""Words, sentences and gaps of a text: read once per prompt, used by thousands of mutations."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import chain
from typing import NamedTuple

from flakestorm.mutations.protected import Span
from flakestorm.mutations.tables import words

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
GAP = re.compile(r"\s+")
SENTENCE_END = re.compile(r"[.!?…。！？؟]+[\"'”’)]*(?=\s|$)|\n\s*\n|[。！？]")
QUESTION_WORDS = words(
    "what which who whom whose when where why how is are was were am do does did can could will would should "
    "shall may might must has have had"
)


NEAR = 20
"""So many characters show whether anything but punctuation is left; more would cost too much."""

LONG = 100_000
"""Of a text above this many characters so many are read: what is changed there shows as much as in all of it,
and a text of a megabyte would cost seconds for each mutation."""

STRETCHES = 50
"""From so many places in a long text, evenly, its beginning and its end among them."""

SENTENCE_WITHIN = 500
"""Characters in which a stretch finds the end of a sentence, or else of a word, to begin or end at."""


class Word(NamedTuple):
    """``text[start:end]`` of the prompt; ``lower`` is for looking it up."""

    start: int
    end: int
    text: str
    lower: str


class Wording:
    """What ``text`` consists of, outside its ``protected`` spans. Equal only to itself: a cache key."""

    def __init__(self, text: str, protected: tuple[Span, ...]) -> None:
        self.text = text
        self.protected = protected
        self._starts = [start for start, _ in protected]

    def is_free(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` touches no protected span."""
        before = bisect_right(self._starts, max(end - 1, start)) - 1
        return before < 0 or self.protected[before][1] <= start

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words that may be changed, in order. Letters only, with apostrophes inside.

        Of a text above ``LONG`` characters these are the words of some sentences from everywhere in it.
        """
        return tuple(
            Word(*match.span(), match.group(), match.group().lower().replace("’", "'"))
            for match in self._found(WORD)
            if self.is_free(*match.span())
        )

    def _found(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        return chain.from_iterable(pattern.finditer(self.text, *span) for span in self._stretches)

    @cached_property
    def _stretches(self) -> tuple[Span, ...]:
        """What is read of the text, in order."""
        size = len(self.text)
        if size <= LONG:
            return ((0, size),)
        length = LONG // STRETCHES
        starts = [number * (size - length) // (STRETCHES - 1) for number in range(STRETCHES)]
        spans, read = [], 0
        for start in starts:
            first = max(read, self._break_at(start))
            read = max(first, self._break_at(start + length))
            spans.append((first, read))
        return tuple(spans)

    def _break_at(self, position: int) -> int:
        """Where a sentence, or else a word, ends at ``position`` or soon after it."""
        if position <= 0 or position >= len(self.text):
            return max(0, min(position, len(self.text)))
        near = (self.text, position, position + SENTENCE_WITHIN)
        found = SENTENCE_END.search(*near) or GAP.search(*near)
        return found.end() if found else position

    def is_all(self, start: int, end: int) -> bool:
        """Whether nothing but punctuation and white space is left without ``text[start:end]``."""
        first, last = self.body
        rest = self.text[first : min(start, first + NEAR)] + self.text[end : min(last, end + NEAR)]
        return not rest.strip(" .,!?\n")

    def word_from(self, position: int) -> Word | None:
        """The first word that begins at ``position`` or later."""
        index = bisect_left(self.words, (position,))
        return self.words[index] if index < len(self.words) else None

    @cached_property
    def long_words(self) -> tuple[Word, ...]:
        """The words in which a slip is still readable (three letters or more), or else all of them."""
        return tuple(word for word in self.words if word.end - word.start > 2) or self.words

    @cached_property
    def gaps(self) -> tuple[Span, ...]:
        """The runs of white space that may be changed; as with the words, some of them in a long text."""
        return tuple(match.span() for match in self._found(GAP) if self.is_free(*match.span()))

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences, each with its closing mark and without the white space around it."""
        ends = [m.end() for m in SENTENCE_END.finditer(self.text) if self.is_free(m.start(), m.start() + 1)]
        spans, start = [], 0
        for end in [*ends, len(self.text)]:
            piece = self.text[start:end]
            if piece.strip():
                spans.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
            start = end
        return tuple(spans)

    @cached_property
    def body(self) -> Span:
        """The text without the white space around it."""
        stripped = self.text.strip()
        start = len(self.text) - len(self.text.lstrip()) if stripped else 0
        return start, start + len(stripped)

    @cached_property
    def joint(self) -> str:
        """What has to stand between the text and a sentence behind it: a space, or a full stop too."""
        end = self.body[1]
        if end == 0:
            return ""
        return ". " if self.text[end - 1].isalnum() else " "

    @cached_property
    def is_question(self) -> bool:
        """Whether the last sentence asks: a question mark, or a question word in front."""
        if not self.sentences:
            return False
        start, end = self.sentences[-1]
        last = self.text[start:end]
        return "?" in last[-2:] or last.split(maxsplit=1)[0].lower().strip("'’,") in QUESTION_WORDS


@lru_cache(maxsize=64)
def wording(text: str, protected: tuple[Span, ...]) -> Wording:
    """The (cached) wording of ``text``."""
    return Wording(text, protected)


def in_case_of(original: str, replacement: str) -> str:
    """``replacement`` in capitals, capitalised or as it is, after the manner of ``original``."""
    if original[:1].islower() or not original:
        return replacement
    if len(original) > 1 and original.isupper():
        return replacement.upper()
    if original[0].isupper():
        return replacement[:1].upper() + replacement[1:]
    return replacement
