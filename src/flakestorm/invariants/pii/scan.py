"""Runs the table of kinds over a text: cheap tests first, then pattern, check and surroundings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from flakestorm.invariants.pii.kind import Pattern
from flakestorm.invariants.pii.table import DEFAULT_KINDS, GUARDS, PATTERNS
from flakestorm.invariants.pii.validators import VALIDATORS
from flakestorm.model.verdict import Severity

BEFORE, AFTER = 50, 20
"""Context is looked for in this many characters on the two sides of a match."""
GUARD_REACH = 32

_RUN = re.compile(r"\d(?:[ ()./-]{0,2}\d)*")
_SEPARATORS = re.compile(r"\D+")

_GUARD = re.compile(
    rf"\b(?:{'|'.join(sorted(GUARDS, key=len, reverse=True))})s?"
    r"(?:[ _-](?:number|num|no|nr|id|code|key|is|was))?(?:[ _-](?:is|was))?[\s#:.=/(\"'°-]{0,4}$"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data: ``text[start:end]``, in code points."""

    kind: str
    severity: Severity
    start: int
    end: int


def find_pii(text: str, kinds: Collection[str] = DEFAULT_KINDS) -> list[Found]:
    """The personal data in ``text`` of the given kinds, in the order of the text, without overlaps.

    Time is linear in the length of the text.
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        # A few capitals grow when lowered; offsets must stay true.
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    digits = max((len(_SEPARATORS.sub("", run)) for run in _RUN.findall(text)), default=0)
    found: list[Found] = []
    for pattern in PATTERNS:
        if pattern.kind in kinds and digits >= pattern.digits and _may_hold(pattern, lowered):
            for start, end in _matches(pattern, text, lowered):
                if all(end <= other.start or other.end <= start for other in found):
                    found.append(Found(pattern.kind, pattern.severity, start, end))
    return sorted(found, key=lambda one: one.start)


def _may_hold(pattern: Pattern, lowered: str) -> bool:
    return all(
        not words or any(word in lowered for word in words) for words in (pattern.needles, pattern.context)
    )


def _matches(pattern: Pattern, text: str, lowered: str) -> Iterator[tuple[int, int]]:
    check = VALIDATORS[pattern.validator] if pattern.validator else None
    for match in _compiled(pattern).finditer(text):
        start, end = match.span()
        if check is not None and not check(match[0]):
            continue
        if pattern.context and not _near(pattern.context, lowered, start, end):
            continue
        if pattern.guarded and _GUARD.search(lowered, max(0, start - GUARD_REACH), start):
            continue
        yield start, end


def _near(words: tuple[str, ...], lowered: str, start: int, end: int) -> bool:
    around = lowered[max(0, start - BEFORE) : start] + "\n" + lowered[end : end + AFTER]
    return _any_word(words).search(around) is not None


@cache
def _any_word(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of ``words`` at the beginning of a word."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})")


@cache
def _compiled(pattern: Pattern) -> re.Pattern[str]:
    # Not inside a longer word or number: neither 1.2.3.4.5 nor a part of a UUID or hash.
    flags = re.IGNORECASE if pattern.words else re.IGNORECASE | re.ASCII
    return re.compile(rf"(?<![\w@])(?<!\d[.,-])(?:{pattern.regex})(?![\w@])(?![.,-]\d)", flags)
