"""An operator at work on what it gets to see of a prompt: all of it, or one sentence or clause."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.protected import Span
from flakestorm.mutations.reach import Reach
from flakestorm.mutations.registry import Draft, OperatorInfo, Source
from flakestorm.mutations.wording import Wording

CLAUSE_END = re.compile(r"(?:[,;:]|\s[-–—])(?=\s)")
ENTIRE = (Kind.USER, Kind.PROTOCOL)
"""The user's templates are for the whole prompt, and requests have no sentences."""


def applied(info: OperatorInfo, source: Source, rng: Random, intensity: float, reach: Reach) -> Draft | None:
    """What the operator makes of ``source``, or of a part of it that ``rng`` chooses.

    A prompt of one clause is its own only part.
    """
    if reach is Reach.PROMPT or info.kind in ENTIRE:
        return info.function(source, rng, intensity)
    parts = _parts(source.wording)
    if not parts or (reach is Reach.MIXED and rng.random() < 0.5):
        return info.function(source, rng, intensity)
    start, text, protected = rng.choice(parts)
    part = Source(text, protected, source.canary, source.earlier, source.template)
    draft = info.function(part, rng, intensity)
    if draft is None:
        return None
    edits = tuple([Edit(start + edit.start, start + edit.end, edit.replacement) for edit in draft.edits])
    return Draft(edits, draft.earlier, draft.attack)


@lru_cache(maxsize=64)
def _parts(wording: Wording) -> tuple[tuple[int, str, tuple[Span, ...]], ...]:
    """(start, text, protected spans in it) of the sentences, or of the clauses of the only one."""
    spans = wording.sentences if len(wording.sentences) > 1 else _clauses(wording)
    return tuple((start, wording.text[start:end], _within(wording, start, end)) for start, end in spans)


def _clauses(wording: Wording) -> tuple[Span, ...]:
    """What punctuation inside the sentence separates; nothing if it separates nothing."""
    ends = [match.end() for match in CLAUSE_END.finditer(wording.text) if wording.is_free(*match.span())]
    if not ends:
        return ()
    first, last = wording.body
    spans, start = [], first
    for end in [*ends, last]:
        spans.append((start, end))
        start = end + 1
    return tuple((start, end) for start, end in spans if end > start)


def _within(wording: Wording, start: int, end: int) -> tuple[Span, ...]:
    """The protected spans between ``start`` and ``end``, counted from ``start``."""
    return tuple(
        (max(first, start) - start, min(last, end) - start)
        for first, last in wording.protected
        if first < end and last > start
    )
