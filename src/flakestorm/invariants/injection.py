"""Finds text that takes an agent over, or that shows that this happened, by the table of patterns."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from flakestorm.invariants.detection.scan import Found, Scanner
from flakestorm.invariants.detection.table import INJECTION, patterns

PATTERNS = patterns(INJECTION)

CATEGORIES = tuple(dict.fromkeys(pattern.category for pattern in PATTERNS))
"""What such text does, in the order of the table."""

# Who says that they will not ignore their instructions, or what somebody asked of them, is not taken over.
_TOLD = re.compile(
    r"(?:\b(?:i|we)(?:'m| am|'ll| will| must| have to|'re| are)? ?"
    r"(?:can(?:no|')t|cannot|can not|won't|will not|not able|unable|not going|don't|do not|never|refuse"
    r"|decline|shouldn't|should not|not|must)\b"
    r"|\b(?:asked|asks|asking|told|tells|telling|instruct(?:s|ed|ing)|tr(?:y|ies|ied|ying)|want(?:s|ed)?|request"
    r"(?:s|ed)?|attempt(?:s|ed|ing)?|order(?:s|ed)) (?:me |us |the (?:model|assistant|agent) |an? \w{2,12} )?"
    r"(?:to|that|you)\b"
    r"|\b(?:phrases?|texts?|words|sentences?|messages?|prompts?|instructions?|lines?|inputs?|requests?) "
    r"(?:such as|like|saying|says|that says?|to|which says?)\b"
    r"|\b(?:can't|cannot|won't|unable to|not able to|refuse to|no way to|able to|not allowed to|never to) )"
    r"[^.!?\n]{0,44}$"
)


def find_injection(text: str, categories: Collection[str] = CATEGORIES) -> list[Found]:
    """The places in ``text`` that give orders to an agent, or repeat them; without overlaps.

    Time is linear in the length of the text.
    """
    return scanner(frozenset(categories)).find(text)


@cache
def scanner(categories: frozenset[str]) -> Scanner:
    """What finds these categories; compiled once."""
    chosen = [pattern for pattern in PATTERNS if pattern.category in categories]
    return Scanner(chosen, {}, is_told_of, guards_all=True)


def is_told_of(before: str) -> bool:
    """Does the text before an order refuse it, or tell of it, in the same sentence?"""
    return _TOLD.search(before) is not None
