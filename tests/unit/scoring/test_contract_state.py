"""Whether replies tell of a memory: what moves on with each trial, and what is mere chance."""

from __future__ import annotations

import pytest

from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import Trial
from flakestorm.scoring.contract_state import MOST, ControlReplies, chance_of

LONG = "Where is my order with the number 4512?"


def heard(deterministic: bool = False, **replies: list[str | None]) -> ControlReplies:
    """Replies in the order of repeats, for each prompt."""
    seen = ControlReplies(deterministic)
    for prompt, said in replies.items():
        for repeat, reply in enumerate(said):
            trial = Trial.of(GoldenPrompt((LONG if prompt == "long" else prompt,)), repeat=repeat)
            seen.add(TrialRecord(trial, Outcome(1.0, reply), (), TrialStatus.PASSED))
    return seen


@pytest.mark.parametrize(
    "replies",
    [
        {"a": ["yes", "yes", "yes"]},
        {"a": ["yes", "no", "yes"]},
        {"a": ["One moment.", "Just now.", "Soon."], "b": ["x", "y", "z"]},
        {"a": ["yes"]},
        {"a": [None, "yes", None]},
        {"a": ["call 3", "call 1", "call 2"]},
        {"a": ["hello", "again", "again"]},
        {"a": ["Here.", "There."], "b": ["x", "y"], "c": ["u", "v"], "d": ["s", "t"]},
    ],
    ids=["same", "flips", "worded anew", "once", "silent", "shuffled", "two values", "asked twice"],
)
def test_chance_is_no_memory(replies: dict[str, list[str | None]]) -> None:
    """Replies that are the same, or differ without order, tell nothing."""
    assert heard(**replies).drift() == ""


@pytest.mark.parametrize(
    "replies",
    [
        {"a": ["call 1", "call 2", "call 3"]},
        {"a": ["call 1", "call 4", "call 9"]},
        {"a": ["hello", "we met", "we met"], "b": ["hi", "we met", "we met"]},
        {"a": ["said: a", "said: a, b", "said: a, b, c"]},
        {"a": ["hello", *["we met"] * 5]},
        {"a": ["1 of 1", "2 of 2"], "b": ["1 of 1", "2 of 2"], "c": ["1 of 1", "2 of 2"]},
    ],
    ids=["counts", "counts with gaps", "settles", "grows", "settles slowly", "many count, twice each"],
)
def test_order_tells_of_a_memory(replies: dict[str, list[str | None]]) -> None:
    """Counting up, growing, or settling after the first time is no chance."""
    assert "move on each time" in heard(**replies).drift()


def test_one_reply_without_order_clears_all() -> None:
    """An agent that words things anew is not convicted by another prompt's replies that count."""
    assert heard(a=["call 1", "call 2", "call 3"], b=["well", "so", "well"]).drift() == ""


def test_said_to_be_deterministic() -> None:
    """Then any difference is told, with the prompt."""
    drift = heard(True, a=["yes", "no"], b=["yes", "yes"]).drift()
    assert drift == "It is said to be deterministic, and answered 'a' differently when asked again."


def test_quoting_another_trial() -> None:
    """A reply with another prompt's text in it came from a memory; with its own it did not."""
    quoting = heard(other=[f"You asked before: {LONG}"], long=["Here."])
    assert "quotes another trial's prompt" in quoting.drift()
    assert heard(long=[f"You ask: {LONG}"], other=["Hm."]).drift() == ""


def test_asks_again_where_chance_could_be_it() -> None:
    """Two values need more replies than three; nothing is asked once it is clear, or never will be."""
    assert [p.text for p in heard(a=["hello", "again", "again"], b=["x", "x", "x"]).undecided()] == ["a"]
    assert heard(a=["hello", *["again"] * 5]).undecided() == ()
    assert heard(a=["yes", "no", "yes"]).undecided() == ()
    assert heard(a=["yes", "yes"]).undecided() == ()
    assert heard(True, a=["yes", "no"]).undecided() == ()
    assert heard(a=[*["x"] * MOST, "y"]).undecided() == ()


def test_numbers_of_any_length() -> None:
    """Enormous numbers are cut, not turned into a memory problem; equal texts have no order."""
    assert chance_of(["9" * 5000, "9" * 5000 + "1"]) <= 1
    assert chance_of(["a"]) == 1
    assert chance_of(["3", "4"]) == 0.5
    assert chance_of(["4", "3"]) == 1
