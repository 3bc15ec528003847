"""The same sentence with a clause at its other end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.openings import led_by
from flakestorm.mutations.protected import Span
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.tables import words
from flakestorm.mutations.wording import Wording

CONJUNCTION = r"(?:if|when|because|since|although|though|while|after|before|once|unless|until|whenever)"
CLAUSE_FIRST = re.compile(rf"({CONJUNCTION}\b[^,?!\n]{{3,200}}),\s+(?=\w)", re.IGNORECASE)
CLAUSE_LAST = re.compile(rf",?\s+({CONJUNCTION}\s[^,?!\n]{{3,200}}?)(?=[.?!]*$)")
TIME_LAST = re.compile(
    r"\s+((?:today|tomorrow|yesterday|tonight|right now|this (?:week|month|year|morning|afternoon|evening)|"
    r"(?:next|last) (?:week|month|year)))(?=[.?!]*$)",
    re.IGNORECASE,
)
# "Tell me if …" asks about the clause, and "even if …" is one thing: neither clause may move.
NOT_BEFORE = words(
    "know me see check ask wonder wondering what even as only sure just tell say and or but not of from long "
    "the about explain out remember until than us for by since in on at to with"
)


def _moves(wording: Wording, sentence: Span) -> Iterator[tuple[Edit, ...]]:
    start, end = sentence
    text = wording.text[start:end]
    first = CLAUSE_FIRST.match(text)
    if first and wording.is_free(start, start + first.end() + 1):
        yield _to_the_end(wording, sentence, first)
        return
    for pattern in (CLAUSE_LAST, TIME_LAST):
        match = pattern.search(text)
        if match and wording.is_free(start + match.start(), start + match.end()):
            before = text[: match.start()].split()
            if len(before) > 1 and before[-1].lower().strip(",") not in NOT_BEFORE:
                yield _to_the_front(wording, sentence, match)


def _to_the_end(wording: Wording, sentence: Span, match: re.Match[str]) -> tuple[Edit, ...]:
    start, end = sentence
    clause = match[1]
    main = start + match.end()
    closing = end - (len(wording.text[start:end]) - len(wording.text[start:end].rstrip(".?!")))
    return (
        Edit(start, main + 1, wording.text[main].upper()),
        Edit(closing, closing, f" {clause[0].lower()}{clause[1:]}"),
    )


def _to_the_front(wording: Wording, sentence: Span, match: re.Match[str]) -> tuple[Edit, ...]:
    start = sentence[0]
    clause = match[1]
    front = led_by(wording, sentence, f"{clause[0].upper()}{clause[1:]}, ")
    return front, Edit(start + match.start(), start + match.end(), "")


@lru_cache(maxsize=64)
def _sites(wording: Wording) -> tuple[tuple[Edit, ...], ...]:
    return tuple(move for sentence in wording.sentences for move in _moves(wording, sentence))


@operator("paraphrase", "clause_order", Kind.PRESERVES_MEANING)
def clause_order(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Moves a clause to the other end: "If X, do Y." becomes "Do Y if X."."""
    found = _sites(source.wording)
    return Draft(rng.choice(found)) if found else None
