"""What checks answer: the shared "passed", and failures worded the same way everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from flakestorm.model.verdict import Judgement, VerdictStatus

PASSED = Judgement(VerdictStatus.PASSED)
"""Passed, with nothing to add. One object for all: this is the hot path."""

EXCERPT = 80
"""How many characters of a reply a detail line shows."""

MOST_SPANS = 20
"""How many evidence spans are kept of one check: enough to mark, without storing a flood."""


def passed(*spans: tuple[int, int]) -> Judgement:
    """Passed because of what stands at ``spans``: they become the evidence if the rule is negated."""
    return Judgement(VerdictStatus.PASSED, "", spans)


def failed(detail: str, evidence: Iterable[tuple[int, int]] = ()) -> Judgement:
    """Failed; ``detail`` is one line."""
    return Judgement(VerdictStatus.FAILED, detail, tuple(islice(evidence, MOST_SPANS)))


def errored(detail: str) -> Judgement:
    """It could not be judged, and why."""
    return Judgement(VerdictStatus.ERRORED, detail)


def skipped(detail: str) -> Judgement:
    """It does not apply to this trial, and why."""
    return Judgement(VerdictStatus.SKIPPED, detail)


def quote(text: str, limit: int = EXCERPT) -> str:
    """``text`` in double quotes on one line, cut to ``limit`` characters, unprintable ones as U+FFFD."""
    line = " ".join(text[: 4 * limit].split())
    shown = "".join(char if char.isprintable() else "\ufffd" for char in line[:limit])
    cut = len(line) > limit or len(text) > 4 * limit
    return f'"{shown}…"' if cut else f'"{shown}"'


def describe(reply: str) -> str:
    """``the reply is 142 characters: "…"``, the second half of most failures."""
    if not reply:
        return "the reply is empty"
    return f"the reply is {len(reply)} character{'s' if len(reply) != 1 else ''}: {quote(reply)}"


def occurrences(text: str, folded_word: str) -> Iterator[tuple[int, int]]:
    """Where ``folded_word`` (casefolded, not empty) stands in ``text``: its spans, without overlaps.

    Casefolding can change the length ("ß" becomes "ss"), so offsets are mapped back character by character.
    """
    pieces = [char.casefold() for char in text]
    origin = [index for index, piece in enumerate(pieces) for _ in piece]
    folded = "".join(pieces)
    at = folded.find(folded_word)
    while at >= 0:
        end = at + len(folded_word)
        yield origin[at], origin[end - 1] + 1
        at = folded.find(folded_word, end)
