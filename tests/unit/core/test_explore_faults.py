"""Which faults fit a call, and the scenarios that put them there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, TOOL_MODES
from flakestorm.chaos.request import CallRequest
from flakestorm.core.explore_faults import applicable, described, explored, scenario_of
from flakestorm.model.fault_point import points_in
from flakestorm.model.outcome import KEPT_CHARACTERS, Call

URL = "http://127.0.0.1:1234/v1/chat/completions"
LLM = Call("llm", "gpt-4o", 0.0, 5.0, 200, method="POST", url=URL, received='{"choices": []}')
TOOL = Call("tool", "search", 0.0, 5.0, None, method="CALL", url="python:shop.search")
STREAMED = {
    *("slow_tokens", "stall", "stream_cut", "silent_truncation", "stream_error", "malformed_chunk"),
    *("duplicate_chunk", "unknown_event"),
}
OF_TOOL_CALLS = {"malformed_tool_args", "unknown_tool", "wrong_tool", "duplicate_tool_call"}


def labels(call: Call, number: int = 1) -> set[str]:
    """The faults that fit."""
    return {fault.label for fault in applicable(call, number)}


def modes(call: Call, number: int = 1) -> set[str]:
    """The same without variants."""
    return {fault.mode for fault in applicable(call, number)}


def test_every_fault_fits_somewhere() -> None:
    """All modes but the one without a meaning of its own, and all context attacks."""
    asking = replace(LLM, received='{"tool_calls": [{}]}', stream=True)
    found = modes(asking, 2) | modes(TOOL, 2)
    assert found == {*LLM_MODES, *TOOL_MODES, *ATTACK_TYPES} - {"status"}


def test_faults_of_streams_need_a_stream() -> None:
    """They are put only where the answer was asked for piece by piece."""
    assert not labels(LLM) & STREAMED
    assert labels(replace(LLM, stream=True)) >= STREAMED


@pytest.mark.parametrize(
    ("received", "fits"),
    [
        ('{"tool_calls": []}', True),
        ('{"type": "tool_use"}', True),
        ('{"functionCall": {}}', True),
        ("It is late.", False),
        ("x" * KEPT_CHARACTERS, True),
    ],
)
def test_faults_of_tool_calls_need_some(received: str, fits: bool) -> None:
    """A reply of which only the beginning is known may have some."""
    assert bool(labels(replace(LLM, received=received)) & OF_TOOL_CALLS) == fits


def test_an_earlier_answer_needs_an_earlier_call() -> None:
    """There is nothing stale in a first call."""
    assert "stale" not in labels(LLM) | labels(TOOL)
    assert "stale" in labels(LLM, 2) & labels(TOOL, 2)


def test_embeddings_have_no_reply() -> None:
    """What is done to replies is not done to other calls of a model."""
    embedding = replace(LLM, url="http://127.0.0.1/v1/embeddings")
    assert {"refused", "rate_limit", "empty_body"} <= labels(embedding)
    assert not labels(embedding) & {"refusal", "empty_choices", "garbage", "overflow"}


def test_an_unknown_api_is_taken_for_a_compatible_one() -> None:
    """A call of a model whose address says nothing."""
    assert {"refusal", "rate_limit"} <= labels(replace(LLM, url="", method="CALL"))


def test_a_tunnel_has_only_its_connection() -> None:
    """Nobody can read what is in it."""
    tunnel = Call("http", "db.example", 0.0, 5.0, method="CONNECT", url="https://db.example:443/")
    assert labels(tunnel) == {"timeout", "slow", "refused", "reset"}
    assert labels(Call("other", "x", 0.0, 1.0)) == set()


def request(kind: Any, name: str, url: str = URL) -> CallRequest:
    """A call as the engine sees it."""
    return CallRequest(kind, name, "openai" if kind == "llm" else "", "POST", url, body=b"{}")


@pytest.mark.parametrize(
    ("name", "hit", "missed"),
    [
        ("llm gpt-4o #2: refused", request("llm", "gpt-4o"), request("llm", "gpt-4o-mini")),
        ("llm a[b]*?c #2: overflow", request("llm", "a[b]*?c"), request("llm", "a[b]xxc")),
        ("tool search #2: error", request("tool", "search"), request("tool", "search2")),
        ("tool search #2: indirect_injection", request("tool", "search"), request("llm", "search")),
        (
            "http db.example #2: reset",
            request("http", "db.example", "https://db.example/q"),
            request("http", "db.example.org", "https://db.example.org/q"),
        ),
    ],
)
def test_the_fault_fires_at_its_call_alone(name: str, hit: CallRequest, missed: CallRequest) -> None:
    """At the second call of exactly this name; calls of others are not counted."""
    scenario = scenario_of(name, 10_000)
    assert scenario is not None
    engine = FaultEngine(scenario, 1, "t1")
    fired = [bool(engine.effect(call).fired) for call in (hit, missed, missed, hit, hit)]
    assert fired == [False, False, False, True, False]


def test_two_faults() -> None:
    """A pair has both."""
    scenario = scenario_of("llm m, every call: response_drift tone_shift + tool t #1: error", 10_000)
    assert scenario is not None
    assert [(fault.mode, fault.drift_type) for fault in scenario.llm_faults] == [
        ("response_drift", "tone_shift")
    ]
    assert scenario.llm_faults[0].on_calls is None
    assert [(fault.mode, fault.on_calls) for fault in scenario.tool_faults] == [("error", (1,))]


@pytest.mark.parametrize(
    ("name", "deadline_ms", "delay_ms"),
    [
        ("llm m #1: timeout", 10_000, 12_000),
        ("tool t #1: timeout", 600_000, 60_000),
        ("llm m #1: slow_first_token", 10_000, 2_500),
        ("tool t #1: slow", 60_000, 5_000),
    ],
)
def test_waiting_goes_by_the_deadline(name: str, deadline_ms: int, delay_ms: int) -> None:
    """Hangs go beyond it, late answers come before it."""
    scenario = scenario_of(name, deadline_ms)
    assert scenario is not None
    assert [fault.delay_ms for fault in (*scenario.llm_faults, *scenario.tool_faults)] == [delay_ms]


def test_names_that_are_none() -> None:
    """Other scenarios, and faults that nobody knows."""
    assert scenario_of("api_outage", 10_000) is None
    assert scenario_of("llm m #1: exploding", 10_000) is None
    (point,) = points_in("llm m #1: exploding")
    assert explored(point) is None
    assert described(point)[1] == "unknown"
    assert described(points_in("llm m #1: refused")[0]) == (0, "transport")
