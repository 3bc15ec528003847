"""Regular expressions of the user: checked when the configuration loads, and searched without hanging a run.

Python's ``re`` backtracks: on 40 wrong characters ``(a+)+$`` takes longer than anybody waits, and nothing can
stop it within the process. So what could take long is searched in a process of its own, which is killed
after ``patient_search.DEADLINE_S``: patterns with a repetition or a choice inside a repetition, and replies
over ``LONG`` characters (one repetition can cost the square of the length). That takes some 20 ms instead of
microseconds. Left over: several plain repetitions in a row, on a reply made for them, can take some seconds.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from itertools import islice
from sys import maxsize
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from flakestorm.invariants.patient_search import search_in_process

if sys.version_info >= (3, 11):
    from re import _constants as sre_constants
    from re import _parser as sre_parse
else:
    import sre_constants
    import sre_parse

REPEATS = (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT)

LONG = 20_000
"""Characters of a reply up to which a pattern without nested repetition is searched in this process."""

FEW = 8
"""Repetitions that cannot multiply much."""

Spans = list[tuple[int, int]]


def compile_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """``pattern`` compiled; ``ValueError`` with the place where it stops being a regular expression."""
    try:
        with warnings.catch_warnings():
            # A doubtful bracket is the user's business; it must not break the loading of a file.
            warnings.simplefilter("ignore")
            return re.compile(pattern, flags)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1} of {pattern!r}"
        raise ValueError(f"not a regular expression: {error.msg}{where}") from None
    except (OverflowError, RecursionError) as error:
        raise ValueError(f"not a usable regular expression: {error}") from None


def _checked(pattern: str) -> str:
    compile_pattern(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_checked), WithJsonSchema({"type": "string", "format": "regex"})]
"""A regular expression in the configuration."""


class Search:
    """A pattern, ready to be looked for in any reply. Safe to share between threads."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._compiled = compile_pattern(pattern, flags)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = sre_parse.parse(pattern, flags)
        self._word = _plain_word(tree) if flags & re.IGNORECASE else ""
        self._limit = 0 if _nests(tree) else LONG if _repeats(tree) else maxsize

    def spans(self, text: str, most: int = 1) -> Spans:
        """The first ``most`` places of the pattern in ``text``. ``TimeoutError`` when it takes too long."""
        if self._word and text.isascii() and self._word not in text.lower():
            # Most exclusions are plain words, and `in` is ten times as fast as `re` that ignores case.
            return []
        if len(text) > self._limit:
            return search_in_process(self.pattern, self._compiled.flags, text, most)
        return [match.span() for match in islice(self._compiled.finditer(text), most)]


def _plain_word(tree: Any) -> str:
    """The lower-case ASCII word that a parsed pattern is, or an empty string when it is more than a word."""
    if any(code is not sre_constants.LITERAL or argument > 127 for code, argument in tree):
        return ""
    return "".join(chr(argument) for _, argument in tree).lower()


def _repeats(tree: Any) -> bool:
    """Is there anything in a parsed pattern that may match few or many times?"""
    return any(
        (_is_variable(item) and _most(item) > FEW) or any(map(_repeats, _parts(item))) for item in tree
    )


def _nests(tree: Any, repeated: bool = False) -> bool:
    """Does anything that can match in several ways stand inside what repeats many times?"""
    for item in tree:
        code, argument = item
        if repeated and (code is sre_constants.BRANCH or _is_variable(item)):
            return True
        # What an atomic group matched is never tried again, so it starts afresh.
        within = (repeated or _most(item) > FEW) and code is not getattr(sre_constants, "ATOMIC_GROUP", None)
        if any(_nests(part, within) for part in _parts(argument)):
            return True
    return False


def _is_variable(item: Any) -> bool:
    code, argument = item
    return code in REPEATS and argument[0] != argument[1]


def _most(item: Any) -> int:
    code, argument = item
    return int(argument[1]) if code in REPEATS else 1


def _parts(node: Any) -> Iterator[Any]:
    """The parsed patterns directly inside ``node``, whatever construct it is."""
    if isinstance(node, sre_parse.SubPattern):
        yield node
    elif isinstance(node, tuple | list):
        for part in node:
            yield from _parts(part)
