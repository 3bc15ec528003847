"""``behavior_unchanged``: the disturbed reply is compared with the undisturbed one, or with a text."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flakestorm.invariants.behavior_unchanged import BehaviorUnchangedRule, build_behavior_unchanged
from flakestorm.invariants.registry import Subject
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, VerdictStatus

TRIAL = Trial.of(GoldenPrompt(("Where is my order?",)))
BASELINE = "Your order has shipped and should arrive on Thursday."


def judge(reply: str, undisturbed: str | None, **options: Any) -> Judgement:
    """The judgement on ``reply`` when the control arm answered ``undisturbed``."""
    return build_behavior_unchanged(BehaviorUnchangedRule(**options))(
        Subject(TRIAL, Outcome(1.0, reply), undisturbed)
    )


def test_the_same_answer_in_other_words_passes() -> None:
    """A paraphrase of the undisturbed reply is unchanged behaviour."""
    judgement = judge("Your package shipped; it should arrive on Thursday.", BASELINE)
    assert judgement.status is VerdictStatus.PASSED
    assert judgement.detail.endswith("to the baseline")


def test_another_answer_fails() -> None:
    """A reply about something else is changed behaviour, and the detail quotes the baseline."""
    judgement = judge("I like trains.", BASELINE)
    assert judgement.status is VerdictStatus.FAILED
    assert f'to the baseline "{BASELINE}" is below 0.75' in judgement.detail


def test_without_a_baseline_it_is_skipped() -> None:
    """When the undisturbed prompt got no reply there is nothing to compare, which is neither good nor bad."""
    judgement = judge("anything", None)
    assert judgement.status is VerdictStatus.SKIPPED
    assert "no baseline" in judgement.detail


def test_a_given_text_replaces_the_baseline() -> None:
    """With ``baseline: text`` the control arm is not looked at."""
    options = {"baseline": "The museum is closed on Mondays."}
    assert judge("On Mondays the museum is closed.", None, **options).status is VerdictStatus.PASSED
    assert judge(BASELINE, BASELINE, **options).status is VerdictStatus.FAILED


def test_the_threshold_and_numbers_are_options() -> None:
    """A stricter threshold fails a paraphrase; check_numbers sees another number."""
    reply = "Your package shipped; it should arrive on Thursday."
    assert judge(reply, BASELINE, similarity_threshold=0.99).status is VerdictStatus.FAILED
    changed = judge("The balance is 420 euros.", "The balance is 240 euros.", check_numbers=True)
    assert changed.status is VerdictStatus.FAILED
    assert "lacks 240" in changed.detail


def test_an_empty_baseline_is_no_option() -> None:
    """An empty text could match nothing."""
    with pytest.raises(ValidationError):
        BehaviorUnchangedRule(baseline="")
