"""Finds the places that patterns match: the compiled engine, or its Python twin with the same results.

Needles that are not in a text rule most patterns out before any regular expression runs. What the table says
of a match's surroundings and check digits is not looked at here but in ``scan``, for both twins alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from flakestorm.invariants.detection.folding import fold
from flakestorm.invariants.detection.pattern import Pattern
from flakestorm.native import extension

START, END = "(?<![0-9A-Za-z_])", "(?![0-9A-Za-z_])"

_RUN = re.compile(r"[0-9](?:[ ()./-]{0,2}[0-9])*")
_SEPARATORS = str.maketrans("", "", " ()./-")

Spot = tuple[int, int, int]
"""Number of the pattern, and start and end of a match in code points."""


class Engine(Protocol):
    """Searches a text for all of its patterns at once."""

    def find(self, text: str) -> list[Spot]:
        """All matches, in the order of pattern and place; those of one pattern do not overlap.

        ``text`` has no lone surrogates. Time is linear in its length.
        """
        ...


class PythonEngine:
    """The engine in pure Python. Safe to share between threads."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._rows = [
            (number, pattern, [words for words in (pattern.needles, pattern.context) if words])
            for number, pattern in enumerate(patterns)
        ]
        self._compiled: dict[int, re.Pattern[str]] = {}

    def find(self, text: str) -> list[Spot]:
        """All matches, as ``Engine`` says."""
        folded = fold(text)
        digits = longest_run(text)
        present: dict[str, bool] = {}

        def holds(words: Sequence[str]) -> bool:
            for word in words:
                there = present.get(word)
                if there is None:
                    there = present[word] = word in folded
                if there:
                    return True
            return False

        return [
            (number, *match.span())
            for number, pattern, needed in self._rows
            if digits >= pattern.digits and all(map(holds, needed))
            for match in self._regex(number, pattern).finditer(text if pattern.cased else folded)
        ]

    def _regex(self, number: int, pattern: Pattern) -> re.Pattern[str]:
        # Most patterns of a table never meet a text that might match.
        compiled = self._compiled.get(number)
        if compiled is None:
            compiled = self._compiled[number] = re.compile(f"{START}(?:{pattern.regex}){END}")
        return compiled


def longest_run(text: str) -> int:
    """The most digits in a row, with up to two separators between any two."""
    return max((len(run.translate(_SEPARATORS)) for run in _RUN.findall(text)), default=0)


def native_engine(patterns: Sequence[Pattern]) -> Engine | None:
    """The compiled engine, where there is one."""
    rust = extension()
    if rust is None:
        return None
    rows = [(row.regex, row.needles, row.context, row.digits, row.cased) for row in patterns]
    engine: Engine = rust.PatternEngine(rows)
    return engine


def engine_for(patterns: Sequence[Pattern]) -> Engine:
    """The engine that this process uses."""
    return native_engine(patterns) or PythonEngine(patterns)
