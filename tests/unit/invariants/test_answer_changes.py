"""``answer_changes``: the golden answer to a changed request fails, but only where the reply shows it."""

from __future__ import annotations

from typing import Any

import pytest

from flakestorm.invariants.answer_changes import AnswerChangesRule, build_answer_changes
from flakestorm.invariants.judge import Judge
from flakestorm.invariants.registry import Subject
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, Severity, VerdictStatus

FAMILY = "semantic_similarity_attack"
STATUS = "Order 4512 is on its way. It arrives on Thursday."


def trial(golden: str, sent: str, kind: Kind = Kind.CHANGES_MEANING) -> Trial:
    """A trial that sends ``sent`` in place of ``golden``."""
    mutation = Mutation(FAMILY, f"{FAMILY}.test", (sent,), kind, 0, 0.3, (), implied=("answer_changes",))
    return Trial.of(GoldenPrompt((golden,)), mutation)


def judge(golden: str, sent: str, baseline: str | None, reply: str, **options: Any) -> Judgement:
    """The judgement on ``reply`` to ``sent`` when ``golden`` got ``baseline``."""
    check = build_answer_changes(AnswerChangesRule(**options))
    return check(Subject(trial(golden, sent), Outcome(1.0, reply), baseline))


@pytest.mark.parametrize(
    ("golden", "sent", "reply", "shown"),
    [
        ("Where is order 4512?", "Where is order 4519?", STATUS, "4512"),
        ("Where is order 4512?", "Where is order 4519?", f"  {STATUS.upper()}\n", "4512"),
        ("Which train goes to Rome?", "Which train goes to Oslo?", "To Rome: the 9:15 train.", "Rome"),
        ("Do I work on Monday?", "Do I work on Friday?", "Yes, on Monday you work.", "Monday"),
        ("Cancel order 4512.", "Do not cancel order 4512.", "Order 4512 has been cancelled.", "cancelled"),
        ("Please stop my plan.", "Please don't stop my plan.", "Your plan is stopped.", "stopped"),
        ("Apply the discount.", "Never apply the discount.", "I applied the discount.", "applied"),
        ("Send the receipt.", "Do not send the receipt.", "The receipt was sent.", "sent"),
        ("Remove it.", "Do not remove it.", "I removed it.", "removed"),
    ],
)
def test_the_answer_to_another_request_fails(golden: str, sent: str, reply: str, shown: str) -> None:
    """The reply is the old one and speaks of what is not in the request any more."""
    judgement = judge(golden, sent, reply.strip().lower(), reply)
    assert judgement.status is VerdictStatus.FAILED
    ((start, end),) = judgement.evidence
    assert reply[start:end].lower() == shown.lower()


@pytest.mark.parametrize(
    ("golden", "sent", "reply"),
    [
        ("Where is my order?", "Where is my invoice?", "I can help with orders."),
        ("How do I pay?", "When do I pay?", "You can pay by card."),
        ("Trains from Rome to Oslo?", "Trains from Oslo to Rome?", "Rome and Oslo: hourly."),
        ("Is Rome far?", "Is Oslo far?", "Rome and Oslo are both far."),
        ("Cancel it.", "Do not cancel it.", "It could not be cancelled."),
        ("Cancel it.", "Do not cancel it.", "To cancel, open Settings."),
        ("Do not cancel it, just stop.", "Do not cancel it, just start.", "It is cancelled."),
        ("Where is order 4512?", "Where is order 4519?", "It arrives on Thursday."),
        ("Tell me. Where is it?", "Say it. Where is it?", "Tell me more."),
    ],
)
def test_the_same_reply_alone_proves_nothing(golden: str, sent: str, reply: str) -> None:
    """Without evidence the rule has no opinion."""
    judgement = judge(golden, sent, reply, reply)
    assert judgement.status is VerdictStatus.SKIPPED
    assert "nothing in it tells" in judgement.detail


def test_other_words_for_the_same_answer_fail_too() -> None:
    """A reply that says the same in a slightly different way is the same; another number makes it another."""
    golden, sent = "Where is order 4512?", "Where is order 4519?"
    assert judge(golden, sent, STATUS, f"{STATUS[:-1]}!").status is VerdictStatus.FAILED
    reworded = "Order 4512 is on its way, and it arrives on Thursday."
    assert judge(golden, sent, STATUS, reworded, same_from=0.9).status is VerdictStatus.FAILED
    assert judge(golden, sent, STATUS, f"{STATUS} Call 112.").status is VerdictStatus.PASSED


@pytest.mark.parametrize("reply", ["There is no order 4519.", "", "Order 4519 arrives on Friday."])
def test_an_answer_of_its_own_passes(reply: str) -> None:
    """Whatever differs from the golden reply is not judged any further."""
    assert judge("Where is order 4512?", "Where is order 4519?", STATUS, reply).status is VerdictStatus.PASSED


def test_words_that_the_model_does_not_know() -> None:
    """Replies that cannot be compared are different ones unless they are equal."""
    assert judge("Order 1?", "Order 2?", "ᚠᚢᚦ", "ᚠᚢᚦ ᚠ").status is VerdictStatus.PASSED


def test_without_a_baseline_it_is_skipped() -> None:
    """When the undisturbed prompt got no reply there is nothing to compare with."""
    assert judge("Order 1?", "Order 2?", None, "anything").detail.startswith("no baseline")


def test_other_mutations_are_skipped() -> None:
    """Where the meaning is kept the same answer is right."""
    check = build_answer_changes(AnswerChangesRule())
    same = trial("Order 1?", "Order 1 ?", Kind.PRESERVES_MEANING)
    assert check(Subject(same, Outcome(1.0, "1"), "1")).status is VerdictStatus.SKIPPED


def test_the_mutation_brings_the_rule() -> None:
    """Nobody has to configure it; a failure is of low severity, and marked as implied."""
    (verdict,) = Judge(()).judge(
        trial("Where is order 4512?", "Where is order 4519?"), Outcome(1.0, STATUS), STATUS
    )
    assert (verdict.type, verdict.status, verdict.severity, verdict.implied) == (
        "answer_changes",
        VerdictStatus.FAILED,
        Severity.LOW,
        True,
    )


def test_long_texts_take_no_longer_than_they_are() -> None:
    """A prompt and a reply of 200,000 characters are judged word by word, once."""
    text = "In Rome, order 12 is late. " * 8_000
    assert judge(text, text + "7", text, text).status is VerdictStatus.SKIPPED
