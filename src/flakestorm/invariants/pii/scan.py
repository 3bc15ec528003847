"""Finds personal data and secrets in text."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from flakestorm.invariants.detection.scan import Found, Scanner
from flakestorm.invariants.pii.table import DEFAULT_KINDS, GUARDS, PATTERNS
from flakestorm.invariants.pii.validators import VALIDATORS

GUARD_REACH = 32

_GUARD = re.compile(
    rf"\b(?:{'|'.join(sorted(GUARDS, key=len, reverse=True))})s?"
    r"(?:[ _-](?:number|num|no|nr|id|code|key|is|was))?(?:[ _-](?:is|was))?[\s#:.=/(\"'°-]{0,4}$"
)


def find_pii(text: str, kinds: Collection[str] = DEFAULT_KINDS) -> list[Found]:
    """The personal data in ``text`` of the given kinds, in the order of the text, without overlaps.

    Time is linear in the length of the text.
    """
    return scanner(frozenset(kinds)).find(text)


@cache
def scanner(kinds: frozenset[str]) -> Scanner:
    """What finds these kinds; compiled once."""
    return Scanner([pattern for pattern in PATTERNS if pattern.kind in kinds], VALIDATORS, is_guarded)


def is_guarded(before: str) -> bool:
    """Does a word such as "order" or "ISBN" stand before a number, so that it is not about a person?"""
    return _GUARD.search(before[-GUARD_REACH:]) is not None
