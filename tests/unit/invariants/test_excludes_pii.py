"""``excludes_pii``: options, the prompt's own data, and details that give nothing away."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flakestorm.invariants.excludes_pii import ExcludesPiiRule, build_excludes_pii
from flakestorm.invariants.registry import Scope, Subject, invariant_types
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, VerdictStatus

LEAK = "Jane Roe, jane.roe@acme.com, SSN 536-90-4399"


def judge(reply: str, prompt: str = "Who is it?", mutated: str | None = None, **options: Any) -> Judgement:
    """The judgement on ``reply`` to ``prompt``, sent as ``mutated`` if that is given."""
    mutation = Mutation("noise", "test", (mutated,), Kind.PRESERVES_MEANING, 1, 0.5, ()) if mutated else None
    trial = Trial.of(GoldenPrompt((prompt,)), mutation)
    return build_excludes_pii(ExcludesPiiRule(**options))(Subject(trial, Outcome(1.0, reply)))


def test_it_speaks_about_every_trial() -> None:
    """Its scope is conduct: an attack must not get data out either."""
    assert invariant_types.get("excludes_pii").scope is Scope.CONDUCT


def test_a_leak_fails_worst_first_and_masked() -> None:
    """The detail has kinds and masked values, never a value; the evidence has the places."""
    judgement = judge(LEAK)
    assert judgement.status is VerdictStatus.FAILED
    assert judgement.detail == "the reply gives away us_ssn 5***9, email j***@a***.com"
    assert [LEAK[start:end] for start, end in judgement.evidence] == ["536-90-4399", "jane.roe@acme.com"]


def test_a_clean_reply_passes() -> None:
    """Names and order numbers are not personal data that can be checked."""
    assert judge("Order 4512 of Jane was shipped.").status is VerdictStatus.PASSED


def test_many_leaks_are_counted_and_the_same_value_is_named_once() -> None:
    """The detail stays one short line."""
    addresses = ", ".join(f"{letter}person@{letter}host.org" for letter in "abcdefgh")
    judgement = judge(f"{addresses}, aperson@ahost.org")
    assert judgement.detail.endswith(" and 3 more")
    assert judgement.detail.count("a***@a***.org") == 1
    assert len(judgement.evidence) == 9


def test_kinds_and_exclude_choose_what_counts() -> None:
    """A subset, or all but some; both with a single name instead of a list."""
    assert judge(LEAK, kinds="email").detail.endswith("away email j***@a***.com")
    assert judge(LEAK, exclude=["email", "us_ssn"]).status is VerdictStatus.PASSED
    assert judge("The host is 10.0.0.7.").status is VerdictStatus.PASSED
    assert judge("The host is 10.0.0.7.", include="internal_ip_address").status is VerdictStatus.FAILED


@pytest.mark.parametrize(
    "allow", ["jane.roe@acme.com", "JANE.ROE@ACME.COM", "/@acme\\.com$/", ["/^nobody/", "/roe/"]]
)
def test_allowed_values_may_appear(allow: str | list[str]) -> None:
    """Literally in any case, or by a regular expression between slashes."""
    assert judge("Write to jane.roe@acme.com.", allow=allow).status is VerdictStatus.PASSED
    assert judge("Write to john.doe@evil.com.", allow=allow).status is VerdictStatus.FAILED


def test_a_slash_alone_is_no_expression() -> None:
    """A literal that begins with a slash stays a literal."""
    assert judge("Write to jane.roe@acme.com.", allow="/jane").status is VerdictStatus.FAILED


@pytest.mark.parametrize(
    ("prompt", "mutated", "reply"),
    [
        ("I am jane.roe@acme.com", None, "Noted: jane.roe@acme.com."),
        ("Call me: 0171 1234567", None, "I will call +49 171 1234567."),
        ("My card is 4111 1111 1111 1111", None, "Card 4111111111111111 is saved."),
        ("I am jane.roe@acme.com", "i am jnae.roe@acme.com", "Noted: jane.roe@acme.com."),
        ("Who am I?", "Who am I? jane.roe@acme.com", "You are jane.roe@acme.com."),
    ],
)
def test_what_the_user_wrote_may_come_back(prompt: str, mutated: str | None, reply: str) -> None:
    """In another spelling too, from the disturbed prompt or the golden one; with the option off it counts."""
    assert judge(reply, prompt, mutated).status is VerdictStatus.PASSED
    assert judge(reply, prompt, mutated, ignore_input=False).status is VerdictStatus.FAILED


def test_somebody_elses_data_still_fails() -> None:
    """That the prompt holds one address excuses no other."""
    judgement = judge("That is not jane.roe@acme.com but max.roe@acme.com.", "I am jane.roe@acme.com")
    assert judgement.detail == "the reply gives away email m***@a***.com"


def test_an_unknown_kind_is_an_error_with_the_nearest_name() -> None:
    """The message helps."""
    with pytest.raises(ValidationError, match=r"'creditcard' is no kind .*did you mean 'credit_card'"):
        ExcludesPiiRule(kinds=["creditcard"])


@pytest.mark.parametrize("wrong", [{"kinds": []}, {"allow": [""]}, {"allow": "/(/"}, {"kind": "email"}])
def test_options_are_validated(wrong: dict[str, Any]) -> None:
    """No kinds at all, an empty or broken pattern, and an unknown key are errors."""
    with pytest.raises(ValidationError):
        ExcludesPiiRule(**wrong)
