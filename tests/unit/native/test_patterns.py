"""The pattern engine: one suite for both twins, and both find the same in any text."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.invariants.detection.engine import Engine, PythonEngine, longest_run
from flakestorm.invariants.detection.folding import CASED, fold
from flakestorm.invariants.detection.pattern import Pattern
from flakestorm.invariants.detection.table import INJECTION, PERSONAL, patterns
from flakestorm.model.verdict import Severity

if sys.version_info >= (3, 11):
    from re import _constants as constants
    from re import _parser as parser
else:
    import sre_constants as constants
    import sre_parse as parser

ALL = (*patterns(PERSONAL), *patterns(INJECTION))
WORDS = sorted({word for row in ALL for word in (*row.needles, *row.context)})
ROW = Pattern("a", "a", "test", "[0-9]{4}", Severity.LOW)

Make = Callable[[Sequence[Pattern]], Engine]


def test_the_table_is_as_large_as_it_says() -> None:
    """Ten categories of injections with 110 patterns, eight of personal data and secrets with 52."""
    injection, personal = patterns(INJECTION), patterns(PERSONAL)
    assert len({row.category for row in injection}) == 10
    assert len({row.regex for row in injection}) >= 110
    categories = "identity financial contact health location biometric credentials other"
    assert {row.category for row in personal} == set(categories.split())
    assert len({row.regex for row in personal}) >= 52
    assert len({row.id for row in ALL}) == len(ALL)


ALLOWED = {"LITERAL", "IN", "BRANCH", "SUBPATTERN", "MAX_REPEAT", "RANGE", "NEGATE", "NOT_LITERAL"}


def _constructs(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every construct of a parsed pattern."""
    if isinstance(tree, parser.SubPattern | list):
        for item in tree:
            yield from _constructs(item)
    elif isinstance(tree, tuple):
        if tree and isinstance(tree[0], type(constants.LITERAL)):
            yield str(tree[0]), tree[1]
        for part in tree[1:] if tree else ():
            yield from _constructs(part)
        if tree and not isinstance(tree[0], type(constants.LITERAL)):
            yield from _constructs(tree[0])


@pytest.mark.parametrize("row", ALL, ids=[row.id for row in ALL])
def test_every_pattern_is_in_the_dialect_of_both(row: Pattern) -> None:
    """No classes or assertions that are read differently, no captures, bounded repetition, never empty."""
    anchors = {constants.AT_BEGINNING}
    for name, argument in _constructs(parser.parse(row.regex)):
        assert name in ALLOWED or (name == "AT" and argument in anchors), name
        if name == "MAX_REPEAT":
            assert argument[1] <= 1000
        if name == "SUBPATTERN":
            assert argument[0] is None
    assert re.match(row.regex, "") is None
    if not row.cased:
        assert row.regex == fold(row.regex), "it is searched in folded text"
    assert all(word == fold(word) for word in (*row.needles, *row.context))


def test_places_are_code_points_and_words_are_whole(make_engine: Make) -> None:
    """Behind letters of several bytes, and not inside a word."""
    assert make_engine([ROW]).find("é😀 1234 x1234 12345 İ1234") == [(0, 3, 7), (0, 21, 25)]


def test_needles_context_and_digits_rule_out(make_engine: Make) -> None:
    """One of each group must be in the text, and as many digits in a row."""
    engine = make_engine([replace(ROW, needles=("key",), context=("near", "by")), replace(ROW, digits=6)])
    assert engine.find("1234 key") == []
    assert engine.find("KEY 1234 By") == [(0, 4, 8)]
    assert engine.find("1234 56") == [(1, 0, 4)]


def test_cased_patterns_see_the_text_as_it_is(make_engine: Make) -> None:
    """All others see it folded."""
    rows = [replace(ROW, regex="[A-Z]it's", cased=True), replace(ROW, regex="it's")]
    assert make_engine(rows).find("Xit's IT’S") == [(0, 0, 5), (1, 6, 10)]


@given(st.text(max_size=60))
def test_folding_keeps_places(text: str) -> None:
    """As many characters as before, and folding again changes nothing."""
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_both_fold_every_letter_alike(make_engine: Make) -> None:
    """Each cased letter, its neighbours and ASCII: what Rust lowers is what Python lowers."""
    codes = [*range(CASED.start - 32, CASED.stop + 32), *range(128), 0x1E9E, 0x2019, 0x212A, 0x10C0]
    letters = [replace(ROW, regex=re.escape(fold(chr(code)))) for code in codes if chr(code).isalpha()]
    text = " ".join(chr(code) for code in codes if chr(code).isalpha())
    assert {number for number, _, _ in make_engine(letters).find(text)} == set(range(len(letters)))


@pytest.mark.parametrize(
    ("text", "most"), [("", 0), ("12 34-(56", 6), ("12   34", 2), ("1a2", 1), ("1 2é345", 3), ("٣٤٣٤", 0)]
)
def test_runs_of_digits(text: str, most: int) -> None:
    """Digits of ASCII with at most two separators between any two."""
    assert longest_run(text) == most


PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=6),
    st.sampled_from(list("0123456789 .-@:/'\"’“ÀÉßİſK٣４éя\n\t=_+<>[]|(){}")),
    st.sampled_from(("ignore", "all", "previous", "instructions", "your", "system", "prompt", "4111", "is")),
    st.just(" "),
)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=40))
def test_both_find_the_same_in_any_text(native_engines: tuple[Engine, Engine], pieces: list[str]) -> None:
    """Pieces of patterns, Unicode and noise in any order."""
    native, python = native_engines
    text = "".join(pieces)
    assert native.find(text) == python.find(text)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_both_find_the_same_in_what_patterns_match(
    native_engines: tuple[Engine, Engine], data: st.DataObject
) -> None:
    """Texts made from the regular expressions themselves."""
    native, python = native_engines
    row = data.draw(st.sampled_from(ALL))
    match = data.draw(st.from_regex(re.compile(row.regex), fullmatch=True))
    text = " ".join(("so", match, *row.context[:1], *row.needles[:1]))
    assert native.find(text) == python.find(text)


@pytest.fixture(scope="module")
def native_engines() -> tuple[Engine, Engine]:
    """The whole table in both twins."""
    from flakestorm.invariants.detection.engine import native_engine

    native = native_engine(ALL)
    return (native, PythonEngine(ALL)) if native else pytest.skip("the extension is not installed")


@pytest.mark.parametrize(
    "unit", ["1 ", "a@b.", "ignore all ", "you are now ", "4111 1111 1111 111x ", "<|", "eyJ"]
)
def test_near_misses_take_linear_time(make_engine: Make, unit: str) -> None:
    """Eight times as much text takes at most some thirty times as long; backtracking would take 64 times."""
    engine = make_engine(ALL)
    texts = [unit * (size // len(unit)) for size in (10_000, 80_000)]
    engine.find(texts[0])
    times = []
    for text in texts:
        best = float("inf")
        for _ in range(2):
            started = process_time()
            engine.find(text)
            best = min(best, process_time() - started)
        times.append(best)
    assert times[1] <= 30 * times[0] + 0.05


def test_matches_of_one_pattern_do_not_overlap(make_engine: Make) -> None:
    """They come in the order of the text."""
    found = make_engine([ROW]).find("1234 " * 50)
    assert len(found) == 50
    assert all(one[2] <= other[1] for one, other in pairwise(found))
