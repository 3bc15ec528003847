"""Cuts edits into finer ones, so that a reduction can find the few that matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from flakestorm.model.mutation import Edit

WORD = re.compile(r"\s*(?:\w{1,24}|[^\w\s])|\s+")
"""A word with the white space before it. Very long words come in pieces."""
COMPARED = 1_000
"""More words or characters than this are not compared: it would take longer than it is worth."""
ALIKE = 0.5
"""Below this likeness a word was replaced by another one, and half of each would be neither."""


def by_words(text: str, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The ``edits`` of ``text`` word by word."""
    return tuple(atom for edit in edits for atom in _cut(text, edit, WORD.findall))


def by_characters(text: str, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The ``edits`` of ``text`` character by character, except where one word stands for another."""
    return tuple(
        atom
        for edit in edits
        for atom in (_cut(text, edit, list) if is_divisible(text, edit) else (trimmed(text, edit),))
    )


def trimmed(text: str, edit: Edit) -> Edit:
    """``edit`` without what its two sides have in common at the start and at the end."""
    old, new = text[edit.start : edit.end], edit.replacement
    head = _common(old, new)
    old, new = old[head:], new[head:]
    tail = _common(old[::-1], new[::-1])
    start = edit.start + head
    return Edit(start, start + len(old) - tail, new[: len(new) - tail])


def _common(first: str, second: str) -> int:
    """How many characters both begin with."""
    shorter = min(len(first), len(second))
    return next((place for place in range(shorter) if first[place] != second[place]), shorter)


def is_divisible(text: str, edit: Edit) -> bool:
    """Whether a part of ``edit`` makes sense: half of a synonym does not, nor does half of a
    missing word, but half of a misspelling does.
    """
    edit = trimmed(text, edit)
    old, new = text[edit.start : edit.end], edit.replacement
    if not old:
        return True
    if not new:
        return not any(character.isalnum() for character in old)
    if len(old) == len(new) and (old.casefold() == new.casefold() or not new.isascii()):
        return True
    return max(len(old), len(new)) <= COMPARED and SequenceMatcher(None, old, new).ratio() >= ALIKE


def _cut(text: str, edit: Edit, split: Callable[[str], list[str]]) -> Iterator[Edit]:
    edit = trimmed(text, edit)
    old, new = split(text[edit.start : edit.end]), split(edit.replacement)
    if len(old) == len(new):
        yield from _pairs(edit.start, old, new)
    elif not old:
        yield from (Edit(edit.start, edit.start, piece) for piece in new)
    elif not new:
        yield from _pairs(edit.start, old, [""] * len(old))
    elif max(len(old), len(new)) > COMPARED:
        yield edit
    else:
        yield from _compared(edit.start, old, new)


def _pairs(start: int, old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    for before, after in zip(old, new, strict=True):
        if before != after:
            yield Edit(start, start + len(before), after)
        start += len(before)


def _compared(start: int, old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    places = [start]
    for piece in old:
        places.append(places[-1] + len(piece))
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "insert":
            yield from (Edit(places[a], places[a], piece) for piece in new[c:d])
        elif kind == "delete":
            yield from _pairs(places[a], old[a:b], [""] * (b - a))
        elif kind == "replace":
            yield Edit(places[a], places[b], "".join(new[c:d]))
