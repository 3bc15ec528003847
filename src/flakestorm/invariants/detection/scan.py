"""Runs patterns over a text: the engine finds places, then check digits and surroundings are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache

from flakestorm.invariants.detection.engine import Engine, engine_for
from flakestorm.invariants.detection.folding import fold
from flakestorm.invariants.detection.pattern import Pattern
from flakestorm.model.verdict import Severity

BEFORE, AFTER = 50, 20
"""Context is looked for in this many characters on the two sides of a match."""

REACH = 64
"""Characters on each side of a match that what may not stand there is looked for in."""

Validators = Mapping[str, Callable[[str], bool]]
Guard = Callable[[str], bool]
"""Says of the folded text just before a match that the match means something else."""

# Neither a part of an address, nor of a longer number: 1.2.3.4.5 holds no 1.2.3.4.
_TOUCHED_BEFORE = re.compile(r"(?:@|[0-9][.,-])$")
_TOUCHED_AFTER = re.compile(r"@|[.,-][0-9]")


@dataclass(frozen=True, slots=True)
class Found:
    """One match: ``text[start:end]``, in code points, and the ``id`` of the pattern that found it."""

    kind: str
    severity: Severity
    start: int
    end: int
    id: str = ""
    category: str = ""


class Scanner:
    """Searches texts for some patterns. Safe to share between threads.

    ``guard`` is asked about matches of ``guarded`` patterns, or about all with ``guards_all``.
    """

    def __init__(
        self,
        patterns: Collection[Pattern],
        validators: Validators,
        guard: Guard,
        *,
        guards_all: bool = False,
        engine: Engine | None = None,
    ) -> None:
        self._patterns = tuple(patterns)
        self._validators = validators
        self._guard = guard
        self._guards_all = guards_all
        self._engine = engine or engine_for(self._patterns)

    def find(self, text: str) -> list[Found]:
        """What is in ``text``, in its order and without overlaps: earlier patterns win. Time is linear."""
        if not text.isascii():
            # A lone surrogate is no character, and compiled code cannot hold it; its place stays.
            text = text.encode("utf-8", "replace").decode("utf-8")
        folded = fold(text)
        taken: list[Found] = []
        covered = bytearray(len(text))
        for number, start, end in self._engine.find(text):
            pattern = self._patterns[number]
            if covered.find(1, start, end) < 0 and self._means_it(pattern, text, folded, start, end):
                taken.append(Found(pattern.kind, pattern.severity, start, end, pattern.id, pattern.category))
                covered[start:end] = b"\1" * (end - start)
        return sorted(taken, key=lambda one: one.start)

    def _means_it(self, pattern: Pattern, text: str, folded: str, start: int, end: int) -> bool:
        if pattern.validator and not self._validators[pattern.validator](text[start:end]):
            return False
        before, after = folded[max(0, start - REACH) : start], folded[end : end + REACH]
        if _is_touched(pattern, before, after):
            return False
        if pattern.context and not _any_word(pattern.context).search(f"{before[-BEFORE:]}\n{after[:AFTER]}"):
            return False
        return not ((pattern.guarded or self._guards_all) and self._guard(before))


def _is_touched(pattern: Pattern, before: str, after: str) -> bool:
    if pattern.words and (before[-1:].isalnum() or after[:1].isalnum()):
        return True
    if _TOUCHED_BEFORE.search(before) or _TOUCHED_AFTER.match(after):
        return True
    if pattern.unless_before and before.endswith(pattern.unless_before):
        return True
    return bool(pattern.unless_after) and re.match(pattern.unless_after, after) is not None


@cache
def _any_word(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of ``words`` at the beginning of a word."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})")
