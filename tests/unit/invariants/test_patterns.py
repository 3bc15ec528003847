"""Regular expressions of the user: checked early, found as `re` finds them, and never hanging a run."""

from __future__ import annotations

import re
import sys
from sys import maxsize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.invariants import patient_search
from flakestorm.invariants.judge import Judge
from flakestorm.invariants.patterns import LONG, Search, compile_pattern
from flakestorm.invariants.regex import ExcludesPatternRule, RegexRule
from flakestorm.model.verdict import VerdictStatus

EXPLODING = r"(a+)+$"
BAIT = "a" * 60 + "b"


@pytest.fixture
def hurried(monkeypatch):
    """A short deadline, so that the tests need not wait for the real one."""
    monkeypatch.setattr(patient_search, "DEADLINE_S", 0.3)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a(b", "at character 2 of 'a(b'"),
        ("[z-a]", "bad character range z-a at character 2"),
        ("*", "nothing to repeat at character 1"),
        ("a{1,99999999999999999999}", "not a usable regular expression"),
        ("(" * 5000 + ")" * 5000, "not a usable regular expression"),
    ],
)
def test_what_is_no_pattern_says_where(pattern, message):
    """The message has the place; nothing but ValueError comes out, so that pydantic can report it."""
    with pytest.raises(ValueError, match=re.escape(message)):
        compile_pattern(pattern)


def test_a_doubtful_pattern_is_no_warning():
    """`re` warns about a possible nested set; loading a file must not."""
    assert compile_pattern("[[a]b]").search("ab]")


@pytest.mark.parametrize(
    "pattern",
    [EXPLODING, r"(a*)*b", r"(?:a|aa)+$", r"(\w+\s?)*$", r"(a?){30}$", r"(?=(a+)+$)x", r"((ab)+c?)+"],
)
def test_patterns_that_can_explode_are_searched_apart(pattern):
    """A repetition or a choice inside a wide repetition goes to the process that can be killed."""
    assert Search(pattern)._limit == 0


@pytest.mark.parametrize(
    ("pattern", "limit"),
    [
        (r"a+b*c?", LONG),
        (r"(\d{3}-)+\d", LONG),
        (r"[a-z]+@\w+", LONG),
        (r"(foo|bar)?baz", maxsize),
        (r"\d{1,3}(\.\d{1,3}){3}", maxsize),
        (r"order \d{4}", maxsize),
    ],
)
def test_usual_patterns_are_searched_here(pattern, limit):
    """What cannot explode stays in this process while replies are of usual length."""
    assert Search(pattern)._limit == limit


@pytest.mark.skipif(sys.version_info < (3, 11), reason="atomic groups came with Python 3.11")
def test_what_never_goes_back_cannot_explode():
    """Possessive repetitions and atomic groups are safe inside a repetition."""
    assert Search(r"(?:a++b)+")._limit == LONG
    assert Search(r"(?>a|aa)+")._limit == LONG


def test_a_pattern_without_repetition_is_searched_here_at_any_length():
    """A word is found in a megabyte without help."""
    assert Search("needle").spans("x" * 1_000_000 + "needle") == [(1_000_000, 1_000_006)]


def test_both_ways_find_the_same():
    """The process finds what this process finds, flags and Unicode included."""
    text = "Ärger, ärger\n\ud800 ÄRGER"
    flags = re.IGNORECASE | re.DOTALL
    here = [match.span() for match in re.compile("är.er", flags).finditer(text)]
    assert patient_search.search_in_process("är.er", int(flags), text, 2) == here[:2]
    assert Search("(ä(r|x)*.er)+", flags).spans(text, 3) == here


@settings(max_examples=60, deadline=None)
@given(st.text("abAB é.\n", max_size=30), st.sampled_from(["ab", "a b", "é", "a.b", "a*b", "B$"]))
def test_the_short_way_for_words_changes_nothing(text, pattern):
    """The test for plain words is only faster than `re`."""
    expected = [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)][:5]
    assert Search(pattern, re.IGNORECASE).spans(text, 5) == expected


def test_an_exploding_search_ends():
    """After the deadline the search is given up, with advice."""
    with pytest.raises(TimeoutError, match=r"still searching a reply of 61 characters after 0\.2 s"):
        patient_search.search_in_process(EXPLODING, 0, BAIT, 1, deadline_s=0.2)


def test_a_broken_process_is_told():
    """What the process says when it fails reaches the message."""
    with pytest.raises(RuntimeError, match="unterminated"):
        patient_search.search_in_process("(", 0, "", 1)


@pytest.mark.parametrize("rule", [RegexRule(pattern=EXPLODING), ExcludesPatternRule(pattern=EXPLODING)])
def test_a_reply_made_to_hang_is_an_errored_verdict(rule, make_trial, make_outcome, hurried):
    """The run goes on, and the verdict neither passes nor fails."""
    (verdict,) = Judge([rule]).judge(make_trial(), make_outcome(BAIT))
    assert verdict.status is VerdictStatus.ERRORED
    assert "without a repetition inside a repetition" in verdict.detail
