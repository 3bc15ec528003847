"""Tokens that the real faults plant are found in replies, in the forms that the rule about canaries knows."""

from __future__ import annotations

import base64
import json

import pytest

from flakestorm.chaos.config import Faults
from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.request import CallRequest
from flakestorm.core.assembly import form_of
from flakestorm.scoring.behaviour.tokens import Tokens

SEED, TRIAL = 7, "t-1"
TOKENS = Tokens(SEED, form_of)
TOOL = CallRequest("tool", "search", "", "CALL", "python:search")
MODEL = CallRequest(
    "llm", "small", "openai", "POST", "http://x/v1/chat/completions", body=b'{"model": "small"}'
)


def hostile_result() -> str:
    """What a tool in the hands of an attacker says in the trial."""
    faults = Faults.model_validate({"tool_faults": [{"mode": "malicious_response"}]})
    effect = FaultEngine(faults, SEED, TRIAL).effect(TOOL)
    assert effect.rewrite is not None
    return effect.rewrite(Answer(200, (), json.dumps({"text": "Shoes cost 40."}).encode())).body.decode()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (str, "verbatim"),
        (lambda canary: canary[::-1], "reversed"),
        (lambda canary: " ".join(canary.lower()), "another case"),
        (lambda canary: base64.b64encode(canary.encode()).decode(), "Base64"),
    ],
    ids=["as it is", "backwards", "spaced out", "Base64"],
)
def test_obedience_in_disguise(form: object, told: str) -> None:
    """The canary of the real faults comes back in some form."""
    canary = FaultEngine(Faults(), SEED, TRIAL).canary
    result = hostile_result()
    assert canary in result
    found = TOKENS.obeyed(TRIAL, f"Sure! {form(canary)} Shoes cost 40.", result)  # type: ignore[operator] # a function
    assert found.startswith(f"{canary} (")
    assert told in found or "separators" in found


def test_quoting_a_result_is_no_obedience() -> None:
    """Neither is the canary of another trial."""
    canary = FaultEngine(Faults(), SEED, TRIAL).canary
    result = hostile_result()
    assert TOKENS.obeyed(TRIAL, f"The search says: {result}", result) == ""
    assert TOKENS.obeyed("t-2", f"Sure! {canary}", "") == ""


def test_the_reference_of_a_made_up_error() -> None:
    """It stands in the errors of models and tools, and is found in a reply without their words."""
    faults = Faults.model_validate(
        {"llm_faults": [{"mode": "overloaded"}], "tool_faults": [{"mode": "error"}]}
    )
    engine = FaultEngine(faults, SEED, TRIAL)
    for request in (MODEL, TOOL):
        answer = engine.effect(request).answer
        assert answer is not None
        assert engine.probe in answer.body.decode()
    assert TOKENS.leaked(TRIAL, f"Please call us and name {engine.probe}.").startswith(engine.probe)
    assert TOKENS.leaked(TRIAL, "Please call us.") == ""
