"""Numbers in the digits of other scripts, as keyboards of other languages type them."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import Draft, Source, operator

ZEROS = "０٠۰०๐"
"""Full-width, Arabic, Persian, Devanagari and Thai: where each run of ten digits begins."""
NUMBER = re.compile(r"(?<![\w.,:/@#-])[0-9]+(?:[.,:][0-9]+)*(?![\w@/-])")
EXACT = re.compile(r"[\"“”'‘’«»`{}@/]")
"""A protected stretch with one of these is a quotation, a placeholder, code or an address: not rewritten."""


@lru_cache(maxsize=64)
def written_numbers(text: str) -> tuple[tuple[int, int], ...]:
    """(start, end) of the numbers that stand in the text itself."""
    exact = [(start, end) for start, end in protected_spans(text) if EXACT.search(text[start:end])]
    starts = [start for start, _ in exact]
    found = []
    for match in NUMBER.finditer(text):
        before = bisect_right(starts, match.start()) - 1
        if before < 0 or exact[before][1] <= match.start():
            found.append(match.span())
    return tuple(found)


@operator("language_mixing", "other_digits", Kind.PRESERVES_MEANING, touches_protected=True)
def other_digits(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - a keyboard types all
    """Writes numbers in full-width, Arabic, Persian, Devanagari or Thai digits."""
    numbers = written_numbers(source.text)
    if not numbers:
        return None
    zero = ord(rng.choice(ZEROS))
    digits = {ord("0") + value: zero + value for value in range(10)}
    return Draft(tuple(Edit(start, end, source.text[start:end].translate(digits)) for start, end in numbers))
