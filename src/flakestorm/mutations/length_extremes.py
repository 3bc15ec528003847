"""Inputs of extreme length, from nothing at all to 100,000 characters."""

from __future__ import annotations

from functools import cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import drafted
from flakestorm.mutations.registry import Draft, Source, operator

HUGE = 100_000
"""Characters of the text that ``hundred_thousand`` makes."""

LIMIT = 2_000_000
"""Nothing longer than this is made by repetition; a longer golden prompt is extreme as it is."""

PARTS = 10
"""A huge addition is made of this many edits, so that a failing mutation can be cut down quickly."""


@operator("length_extremes", "empty", Kind.EDGE)
def empty(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port of operators
    """Sends nothing at all."""
    return Draft((Edit(0, len(source.text), ""),)) if source.text else None


@operator("length_extremes", "whitespace", Kind.EDGE)
def whitespace(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Sends white space only."""
    blank = "".join(rng.choices((" ", "\n", "\t", "\u00a0"), k=rng.randrange(1, 5 + int(intensity * 40))))
    return Draft((Edit(0, len(source.text), blank),)) if blank != source.text else None


@operator("length_extremes", "one_character", Kind.EDGE)
def one_character(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Sends a single character."""
    text = source.text
    if len(text) > 1 and rng.random() < 0.5:
        kept = rng.randrange(len(text))
        return drafted(e for e in (Edit(0, kept, ""), Edit(kept + 1, len(text), "")) if e.start < e.end)
    character = rng.choice("?.!a1-*")
    return Draft((Edit(0, len(text), character),)) if character != text else None


@operator("length_extremes", "one_word", Kind.EDGE)
def one_word(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Sends a single word of the request."""
    words = source.wording.words
    if not words:
        return None
    word = rng.choice(words)
    sides = (Edit(0, word.start, ""), Edit(word.end, len(source.text), ""))
    return drafted(edit for edit in sides if edit.start < edit.end)


@operator("length_extremes", "truncated", Kind.EDGE)
def truncated(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Breaks off somewhere in the middle."""
    length = len(source.text)
    if length < 2:
        return None
    return Draft((Edit(rng.randrange(1, length), length, ""),))


def _repeated(source: Source, copies: int, times: int) -> Draft | None:
    text = source.text
    if not text or len(text) * copies * times > LIMIT:
        return None
    more = f" {text}" * copies
    return Draft((Edit(len(text), len(text), more),) * times)


@operator("length_extremes", "ten_times", Kind.EDGE)
def ten_times(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Repeats the whole text ten times."""
    return _repeated(source, 1, 9)


@operator("length_extremes", "hundred_times", Kind.EDGE)
def hundred_times(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Repeats the whole text a hundred times."""
    return _repeated(source, 11, 9)


@operator("length_extremes", "long_word", Kind.EDGE)
def long_word(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds one word of thousands of letters."""
    word = rng.choice("aAxZ0_") * rng.choice((1_000, 5_000, 5_000 + int(intensity * 15_000)))
    end = len(source.text)
    return Draft((Edit(0, 0, f"{word} ") if rng.random() < 0.5 else Edit(end, end, f" {word}"),))


@cache
def _blocks() -> tuple[str, ...]:
    """Pieces of idle talk, each a tenth of ``HUGE`` long and beginning with a space."""
    talk = " " + " ".join(tables.sections("context")["aside"])
    size = HUGE // PARTS
    return tuple((talk[offset:] + talk * (size // len(talk) + 1))[:size] for offset in _spaces(talk))


def _spaces(text: str) -> list[int]:
    return [place for place, character in enumerate(text) if character == " "]


@operator("length_extremes", "hundred_thousand", Kind.EDGE)
def hundred_thousand(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Fills up with idle talk to 100,000 characters; the request stands first or last."""
    missing = HUGE - len(source.text)
    if missing < 2:
        return None
    blocks = _blocks()
    size = len(blocks[0])
    parts = [rng.choice(blocks) for _ in range(missing // size)]
    parts.append(rng.choice(blocks)[: missing % size])
    at = len(source.text)
    if rng.random() < 0.5:
        at = 0
        parts[-1] = f"{parts[-1][:-1]} "
    return drafted(Edit(at, at, part) for part in parts if part)


@operator("length_extremes", "deep", Kind.EDGE)
def deep(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds hundreds of opening brackets that nothing closes, or quotations of quotations."""
    opening = rng.choice("([{<>")
    per_part = rng.randrange(30, 50 + int(intensity * 400))
    end = len(source.text)
    return Draft((Edit(end, end, opening * per_part),) * PARTS)


@operator("length_extremes", "many_lines", Kind.EDGE)
def many_lines(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds hundreds of short lines."""
    line = rng.choice(("\n", "\n-", "\n.", "\nok", "\n1", "\n>", "\n* "))
    per_part = rng.randrange(30, 50 + int(intensity * 400))
    end = len(source.text)
    return Draft((Edit(end, end, line * per_part),) * PARTS)
