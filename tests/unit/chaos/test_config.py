"""The chaos section: modes with their options, the two forms of context attacks, what is disturbed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flakestorm.chaos.config import ChaosConfig, ContextAttack, GatewayTool, LlmFault, Scenario, ToolFault
from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, PUBLISHED_OPTIONS, TOOL_MODES

VALUES: dict[str, Any] = {
    "drift_type": "tone_shift",
    "severity": "subtle",
    "direction": "expand",
    "message": "no",
    "payload": "text",
    "payloads": ["text"],
    "headers": {"a": "b"},
    "status": 503,
    "error_code": 503,
    "strategy": "append",
}
"""A value for each option that is not a number."""

MODES = [
    *((LlmFault, "mode", mode, options) for mode, options in LLM_MODES.items()),
    *((ToolFault, "mode", mode, options) for mode, options in TOOL_MODES.items()),
    *((ContextAttack, "type", type_, options) for type_, options in ATTACK_TYPES.items()),
]


def named(value: object) -> str:
    """The part of a test's name for one argument: the same in every process, unlike the order of a set."""
    if isinstance(value, type):
        return value.__name__
    return "+".join(sorted(value)) if isinstance(value, frozenset) else str(value)


@pytest.mark.parametrize(("model", "key", "mode", "options"), MODES, ids=named)
def test_every_mode_takes_its_options(model: Any, key: str, mode: str, options: frozenset[str]) -> None:
    """Each mode loads with all of its options, and none of them is ignored."""
    fault = model(**{key: mode}, **_needed(mode) | {option: VALUES.get(option, 2) for option in options})
    assert fault.ignored == ()


@pytest.mark.parametrize(("model", "key", "mode", "options"), MODES, ids=named)
def test_options_of_other_modes(model: Any, key: str, mode: str, options: frozenset[str]) -> None:
    """An option of another mode is an error, unless published files may have it: then it is ignored."""
    for option in frozenset[str]().union(*model.table.values()) - options:
        keys = {key: mode, option: VALUES.get(option, 2), **_needed(mode)}
        if option in PUBLISHED_OPTIONS:
            assert model(**keys).ignored == (option,)
        else:
            with pytest.raises(ValidationError, match=f"'{option}' means nothing for mode '{mode}'"):
                model(**keys)


def _needed(mode: str) -> dict[str, Any]:
    return {"status": 503} if mode == "status" else {}


def test_context_attacks_as_list_and_as_mapping() -> None:
    """Both forms mean the same; true and nothing switch an attack on, false switches it off."""
    listed = ChaosConfig(
        context_attacks=[
            {"type": "overflow", "inject_tokens": 5},
            {"type": "conflicting_context"},
            {"type": "memory_poisoning", "enabled": False},
            {"type": "injection_via_context", "enabled": True},
        ]
    )
    mapped = ChaosConfig(
        context_attacks={
            "overflow": {"inject_tokens": 5},
            "conflicting_context": None,
            "memory_poisoning": False,
            "injection_via_context": True,
        }
    )
    assert mapped == listed


@pytest.mark.parametrize(
    ("keys", "disturbed"),
    [
        ({}, set()),
        ({"tool_faults": None, "llm_faults": None, "context_attacks": None}, set()),
        ({"tool_faults": [{"mode": "slow"}]}, {"tool"}),
        ({"llm_faults": [{"mode": "empty"}], "context_attacks": {"overflow": True}}, {"llm", "context"}),
        ({"context_attacks": {"overflow": False}}, set()),
    ],
)
def test_what_a_scenario_disturbs(keys: dict[str, Any], disturbed: set[str]) -> None:
    """The names that ``when:`` goes by; an attack that is switched off disturbs nothing."""
    assert Scenario(name="a scenario", **keys).disturbed == disturbed


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"tool_faults": [{"mode": "timeot"}]}, "unknown mode 'timeot', did you mean 'timeout'?"),
        ({"tool_faults": [{"mode": "zzz"}]}, "unknown mode 'zzz'. Accepted: error, timeout"),
        ({"llm_faults": [{"mode": "status"}]}, "mode 'status' needs the key status"),
        ({"context_attacks": {"overflo": {}}}, "unknown type 'overflo', did you mean 'overflow'?"),
        ({"context_attacks": 3}, "Input should be a valid tuple"),
        ({"gateway": {"upstreams": {"openai": "x"}}}, "should match pattern"),
        ({"gateway": {"upstreams": {"opnai": "http://x"}}}, "Input should be 'openai'"),
        ({"gateway": {"upstreams": {"openai": "http:///v1"}}}, "should match pattern"),
        ({"gateway": {"tools": {"a/b": {"upstream": "http://x"}}}}, "should match pattern"),
        ({"gateway": {"tools": {"shop": {}}}}, "Field required"),
        (
            {"gateway": {"tools": {"shop": {"upstream": "http://x", "names": {"a": "PSOT /a"}}}}},
            "unknown method 'PSOT', did you mean 'POST'?",
        ),
        (
            {"gateway": {"tools": {"shop": {"upstream": "http://x", "names": {"a": "tools/a"}}}}},
            "'tools/a' is not a path below upstream",
        ),
        ({"gateway": {"max_request_bytes": 0}}, "greater than or equal to 1"),
    ],
)
def test_refused(keys: dict[str, Any], message: str) -> None:
    """Unknown names come with the nearest one."""
    with pytest.raises(ValidationError) as caught:
        ChaosConfig(**keys)
    assert message in str(caught.value)


def test_gateway_tools() -> None:
    """``url`` is the older name of ``upstream``; a method is written in capital letters."""
    names = {"orders": "/orders/*", "refund": "post  /refund", "any": "*"}
    tool = GatewayTool.model_validate({"url": "http://x/api", "names": names})
    assert tool == GatewayTool(upstream="http://x/api", names=names)
    assert tool.names == {"orders": "/orders/*", "refund": "POST /refund", "any": "*"}
