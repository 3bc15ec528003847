"""Hidden characters by name: what an agent really got, and what it must not do to a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SUSPECT = re.compile(r"[^\x20-\x7e]")
RUN = re.compile(r"([^\x20-\x7e])\1*")
HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs", "Cs", "Co", "Cn"})
BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks by category, but nothing is to be seen of them."""
VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def is_hidden(character: str) -> bool:
    """True for what does not show: controls, formats, separators, odd spaces, halves of surrogate pairs."""
    if character in BLANK_LETTERS or any(ord(character) in block for block in VARIATIONS):
        return True
    return character != " " and unicodedata.category(character) in HIDDEN


def name_of(character: str) -> str:
    """``U+200B``: few fonts have pictures of the controls, and a missing picture says nothing."""
    return f"U+{ord(character):04X}"


def plain(text: str) -> str:
    """``text`` with everything hidden replaced by its name; line ends and tabs stay."""
    return SUSPECT.sub(_plain_name, text)


def _plain_name(match: re.Match[str]) -> str:
    character = match.group()
    if character in "\n\t" or not is_hidden(character):
        return character
    return name_of(character)


def pieces(text: str) -> Iterator[tuple[str, int]]:
    """``text`` as (piece, 0) for what shows and (name, count) for runs of one hidden character.

    The name of a line end is ``⏎``.
    """
    done = 0
    for match in RUN.finditer(text):
        character = match.group(1)
        if not is_hidden(character):
            continue
        if match.start() > done:
            yield text[done : match.start()], 0
        yield "⏎" if character == "\n" else name_of(character), len(match.group())
        done = match.end()
    if done < len(text):
        yield text[done:], 0
