"""Text to word-piece numbers as BERT's uncased tokenizer makes them.

The ``tokenizers`` package does the same; it is a 10 MB binary per platform, and this is all we need of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

UNKNOWN = "[UNK]"
LONGEST_WORD = 100
"""A longer word is unknown as a whole, as in BERT."""
REMEMBERED_WORDS = 1 << 16

CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
"""Ideographs: each is a word of its own. Kana and Hangul are not; those scripts write spaces or inflect."""

ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""BERT splits at these, though Unicode calls some of them symbols."""


class _Spelling(dict[int, str]):
    """Code point → what the tokenizer sees in its place, worked out when a character is first met."""

    def __missing__(self, code: int) -> str:
        spelled = self[code] = _spell(chr(code))
        return spelled


class WordPiece:
    """A tokenizer for one vocabulary; safe to share between threads."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._unknown = self._numbers[UNKNOWN]
        self._longest = max(map(len, vocabulary))
        self._spelling = _Spelling()
        # Words repeat, so remembering their pieces makes the rest of this class irrelevant for speed.
        self._pieces = lru_cache(REMEMBERED_WORDS)(self._split)

    def encode(self, text: str) -> list[int]:
        """The numbers of the pieces of ``text``, in order, without any special piece at the ends."""
        numbers: list[int] = []
        for word in text.translate(self._spelling).split(" "):
            if word:
                numbers.extend(self._pieces(word))
        return numbers

    def _split(self, word: str) -> tuple[int, ...]:
        """Greedy: the longest known piece from the left, again and again; one gap makes the word unknown."""
        if len(word) > LONGEST_WORD:
            return (self._unknown,)
        pieces: list[int] = []
        start, prefix = 0, ""
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                number = self._numbers.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return (self._unknown,)
            pieces.append(number)
            start, prefix = end, "##"
        return tuple(pieces)


def _spell(char: str) -> str:
    """``char`` as the tokenizer sees it: nothing, a space, or lower-case letters without accents.

    Word boundaries become spaces, so that splitting at spaces is all that is left to do.
    """
    if char in "\t\n\r" or unicodedata.category(char) in ("Zs", "Zl", "Zp"):
        return " "
    if char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs"):
        return ""
    bare = "".join(c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn")
    # Lower-casing letter by letter, so that a Greek capital sigma becomes the same letter everywhere.
    spelled = "".join(f" {c} " if _is_punctuation(c) else c.lower() for c in bare)
    return f" {spelled} " if _is_ideograph(ord(char)) else spelled


def _is_punctuation(char: str) -> bool:
    return char in ASCII_PUNCTUATION or unicodedata.category(char).startswith("P")


def _is_ideograph(code: int) -> bool:
    return any(first <= code <= last for first, last in CJK_RANGES)
