"""Punctuation left out, repeated, or put where it does not belong."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import drafted, pick
from flakestorm.mutations.protected import Span
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording

# An apostrophe inside a word is spelling; brackets and slashes carry structure.
MARK = re.compile(r"[.,;:!?…。，！？；]+(?!\w)")
STRAY = (",", ".", ";", "...", " -", "!", ",,", "..", "~")


@lru_cache(maxsize=64)
def _marks(wording: Wording) -> tuple[Span, ...]:
    return tuple(m.span() for m in MARK.finditer(wording.text) if wording.is_free(*m.span()))


@operator("noise", "punctuation_stripped", Kind.PRESERVES_MEANING)
def punctuation_stripped(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Leaves punctuation marks out."""
    marks = _marks(source.wording)
    if not marks:
        return None
    # People who leave marks out leave most of them out, and the last one always.
    *inner, last = marks
    dropped = [*pick(rng, inner, max(intensity, 0.5)), last] if inner else [last]
    return Draft(tuple(Edit(start, end, "") for start, end in dropped))


@operator("noise", "punctuation_repeated", Kind.PRESERVES_MEANING)
def punctuation_repeated(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Repeats punctuation marks: "Where is it????"."""
    marks = _marks(source.wording)
    if not marks:
        return _closed(source, rng)
    text = source.text
    repeated = pick(rng, marks, intensity)
    return Draft(tuple(Edit(end, end, text[end - 1] * rng.randrange(1, 6)) for _, end in repeated))


def _closed(source: Source, rng: Random) -> Draft | None:
    _, end = source.wording.body
    if end == 0:
        return None
    mark = "?" if source.wording.is_question else rng.choice(".!")
    return Draft((Edit(end, end, mark * rng.randrange(2, 6)),))


@operator("noise", "punctuation_inserted", Kind.PRESERVES_MEANING)
def punctuation_inserted(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts stray punctuation marks between words."""
    words = source.wording.words
    if not words:
        return None
    return drafted(Edit(w.end, w.end, rng.choice(STRAY)) for w in pick(rng, words, intensity))
