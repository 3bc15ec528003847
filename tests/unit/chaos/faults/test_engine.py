"""Which faults fire: conditions, determinism in any order of calls, several at once, and the proof."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.chaos.config import Faults
from flakestorm.chaos.effect import NOTHING, Answer
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import Traffic


def tool(name: str = "search", url: str = "http://tools/search", method: str = "GET") -> CallRequest:
    """A call of a tool."""
    return CallRequest("tool", name, method=method, url=url)


def fired(engine: FaultEngine, calls: list[CallRequest]) -> list[tuple[str, ...]]:
    """What fires on each of these calls, one after the other."""
    found = []
    for call in calls:
        effect = engine.effect(call)
        found.append((engine.ended(effect) or effect).fired)
    return found


FAULTS = {
    "tool_faults": [
        {"mode": "error", "probability": 0.5},
        {"mode": "slow", "probability": 0.4, "after_calls": 1},
        {"mode": "reset", "probability": 0.3, "times": 2},
    ],
    "llm_faults": [{"mode": "rate_limit", "probability": 0.5}, {"mode": "reset", "every": 3}],
}


@given(st.integers(0, 5), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_order_of_other_calls_changes_nothing(seed: int, shuffler: random.Random) -> None:
    """Each tool and model sees the same faults, however its calls are mixed with those of others."""
    keys = [tool("a"), tool("b"), CallRequest("llm", "m1", "openai"), CallRequest("llm", "m2", "openai")]
    calls = [call for call in keys for _ in range(6)]
    shuffled = list(calls)
    shuffler.shuffle(shuffled)
    straight = list(zip(calls, fired(FaultEngine(Faults(**FAULTS), seed, "t"), calls), strict=True))
    mixed = list(zip(shuffled, fired(FaultEngine(Faults(**FAULTS), seed, "t"), shuffled), strict=True))
    for key in keys:
        assert [what for call, what in straight if call is key] == [
            what for call, what in mixed if call is key
        ]


def test_seed_and_trial_decide() -> None:
    """The same seed and trial give the same; another of either gives another."""
    calls = [tool()] * 60
    first = fired(FaultEngine(Faults(**FAULTS), 1, "t1"), calls)
    assert fired(FaultEngine(Faults(**FAULTS), 1, "t1"), calls) == first
    assert fired(FaultEngine(Faults(**FAULTS), 2, "t1"), calls) != first
    assert fired(FaultEngine(Faults(**FAULTS), 1, "t2"), calls) != first


def test_probability(engine: Any) -> None:
    """Over a thousand trials a fault fires about as often as it should."""
    count = sum(
        bool(fired(engine(trial=f"t{number}", tools=[{"mode": "error", "probability": 0.3}]), [tool()])[0])
        for number in range(1000)
    )
    assert 250 < count < 350


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"after_calls": 2}, [3, 4, 5, 6]),
        ({"on_calls": [2, 5]}, [2, 5]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"after_calls": 1, "times": 1}, [2]),
        ({"after_calls": 2, "every": 2}, [4, 6]),
        ({"probability": 0}, []),
        ({}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_conditions(condition: dict[str, Any], expected: list[int], engine: Any) -> None:
    """On which of six calls a fault fires."""
    found = fired(engine(tools=[{"mode": "error", **condition}]), [tool()] * 6)
    assert [number for number, what in enumerate(found, 1) if what] == expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"after_calls": 2}, "error: call 1 is not after 2 calls"),
        ({"on_calls": [2, 5]}, "error: call 1 is not among on_calls 2, 5"),
        ({"every": 3}, "error: call 1 is not one of every 3"),
        ({"probability": 0}, "error: probability 0, drawn 0."),
    ],
)
def test_why_not(condition: dict[str, Any], reason: str, engine: Any) -> None:
    """A fault that matched and did not fire says which condition did not hold."""
    (held,) = engine(tools=[{"mode": "error", **condition}]).effect(tool()).held
    assert held.startswith(reason)


def test_times_are_used_up(engine: Any) -> None:
    """The reason says so."""
    made = engine(tools=[{"mode": "error", "times": 1}])
    made.effect(tool())
    assert made.effect(tool()).held == ("error: it fired 1 times already",)
    assert made.effect(tool("other")).fired == ("error",)


def test_max_active(engine: Any) -> None:
    """No more calls at once than allowed; when one ends, the next may be disturbed."""
    made = engine(tools=[{"mode": "slow", "max_active": 1}])
    first = made.effect(tool())
    assert first.fired == ("slow",)
    assert made.effect(tool()).held == ("slow: 1 calls are disturbed at the moment",)
    made.ended(first)
    assert made.effect(tool()).fired == ("slow",)


@pytest.mark.parametrize(
    ("fault", "call", "matches"),
    [
        ({}, tool(), True),
        ({"tool": "sea*"}, tool(), True),
        ({"tool": "book"}, tool(), False),
        ({"match_url": "http://tools/*"}, tool(), True),
        ({"match_url": "http://other/*"}, tool(), False),
        ({"match_url": "http://x/*"}, CallRequest("http", "x", url="http://x/y"), True),
        ({"tool": "search", "match_url": "http://x/*"}, CallRequest("http", "x", url="http://x/y"), True),
        ({}, CallRequest("http", "x", url="http://x/y"), False),
        ({}, CallRequest("llm", "m1", "openai"), False),
    ],
)
def test_tool_calls_that_match(fault: dict[str, Any], call: CallRequest, matches: bool, engine: Any) -> None:
    """By name and address; a call whose tool is not known needs an address."""
    effect = engine(tools=[{"mode": "error", **fault}]).effect(call)
    assert bool(effect.fired) == matches
    if not matches:
        assert effect == NOTHING


@pytest.mark.parametrize(("glob", "matches"), [("*", True), ("gpt-*", True), ("claude*", False)])
def test_llm_calls_that_match(glob: str, matches: bool, engine: Any) -> None:
    """By the model's name."""
    effect = engine(llm=[{"mode": "reset", "model": glob}]).effect(CallRequest("llm", "gpt-4", "openai"))
    assert bool(effect.fired) == matches


def test_tunnels(engine: Any) -> None:
    """In an encrypted connection nothing can be done but to the connection."""
    call = CallRequest("http", "x", method="CONNECT", url="https://x:443")
    faults = [{"mode": mode, "match_url": "https://x*"} for mode in ("slow", "error", "reset")]
    effect = engine(tools=faults, context=[{"type": "indirect_injection"}]).effect(call)
    assert effect.fired == ("slow", "reset")
    assert effect.held == ("error: the connection is an encrypted tunnel",)


def test_several_at_once(engine: Any) -> None:
    """Delays add up, the first final fault wins, and what it makes impossible is held with the reason."""
    modes = ["slow", "null_values", "error", "reset", "slow", "partial"]
    effect = engine(tools=[{"mode": mode, "delay_ms": 100} for mode in modes]).effect(tool())
    assert effect.fired == ("slow", "error", "slow")
    assert effect.delay_ms == 200
    assert effect.answer is not None
    assert effect.connection == ""
    assert set(effect.held) == {
        "reset: error came first",
        "partial: error came first",
        "null_values: error left nothing to change",
    }


def test_edits_compose(engine: Any) -> None:
    """Changes of a result are made one after the other."""
    made = engine(tools=[{"mode": "duplicate"}, {"mode": "null_values"}])
    effect = made.effect(tool())
    assert effect.rewrite is not None
    assert effect.rewrite(Answer(200, (), b'{"items":[1,2]}')).body == b'{"items":[null,null,null,null]}'
    assert (made.ended(effect) or effect).fired == ("duplicate", "null_values")


def test_proof_of_injection(engine: Any) -> None:
    """An edit that saw no answer, or found nothing in it, did not fire, and its times are not used up."""
    made = engine(tools=[{"mode": "null_values", "times": 1}])
    unseen = made.effect(tool())
    assert unseen.fired == ("null_values",)
    ended = made.ended(unseen)
    assert ended is not None
    assert ended.fired == ()
    assert ended.held == ("null_values: there was nothing that it could change",)
    again = made.effect(tool())
    assert again.fired == ("null_values",)
    assert again.rewrite is not None
    again.rewrite(Answer(200, (), b'{"a": 1}'))
    assert (made.ended(again) or again).fired == ("null_values",)
    assert made.effect(tool()).fired == ()


def test_traffic_tells_what_came_true(engine: Any) -> None:
    """The call trace has the faults that changed something, and the others with the reason."""
    traffic = Traffic("t", engine(tools=[{"mode": "slow"}, {"mode": "null_values"}]))
    traffic.open(tool()).close(status=200)
    (call,) = traffic.calls()
    assert call.fired == ("slow",)
    assert call.held == ("null_values: there was nothing that it could change",)


def test_nothing(engine: Any) -> None:
    """Without faults every call passes as it is."""
    made = engine()
    effect = made.effect(tool())
    assert effect == NOTHING
    assert effect.is_nothing
    assert made.ended(effect) is None


def test_tokens(engine: Any) -> None:
    """Canary and probe belong to the trial, and are two."""
    first, same, other = engine(), engine(), engine(trial="t2")
    assert (first.canary, first.probe) == (same.canary, same.probe)
    assert len({first.canary, first.probe, other.canary, other.probe}) == 4


def test_dates_are_those_of_the_clock() -> None:
    """Without another clock the time is now."""
    made = FaultEngine(Faults(llm_faults=[{"mode": "rate_limit"}]), 1, "t")
    effect = made.effect(CallRequest("llm", "m", "anthropic"))
    assert effect.answer is not None
    reset = dict(effect.answer.headers)["anthropic-ratelimit-requests-reset"]
    assert reset.startswith("20")
    assert reset.endswith("Z")


@pytest.mark.parametrize("stream", [False, True])
def test_stale(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """The first answer again, whatever the upstream would say now; without one the fault is held."""
    made = engine(llm=[{"mode": "stale", "after_calls": 1}, {"mode": "slow_tokens", "delay_ms": 1}])
    first = passing(made, api.request(stream), api.answer(stream=stream))
    assert first.body == api.answer(stream=stream)
    second = passing(made, api.request(stream), b"something new")
    assert "stale" in second.effect.fired
    assert second.body == api.answer(stream=stream)
    fresh = engine(llm=[{"mode": "stale"}])
    unheard = passing(fresh, api.request(stream), api.answer(stream=stream))
    assert unheard.effect.fired == ()
    assert unheard.effect.held == ("stale: there is no earlier answer in this trial",)
    assert passing(fresh, api.request(stream), b"new").body == api.answer(stream=stream)


def test_stale_results_of_tools(engine: Any) -> None:
    """Errors are not remembered, other tools have their own, and a listening effect is not nothing."""
    made = engine(tools=[{"mode": "stale"}, {"mode": "reset", "on_calls": [4]}])
    first = made.effect(tool())
    assert first.fired == ()
    assert not first.is_nothing
    assert first.rewrite is not None
    first.rewrite(Answer(500, (), b"broken"))
    second = made.effect(tool())
    assert second.rewrite is not None
    second.rewrite(Answer(200, (), b"old"))
    third = made.effect(tool())
    assert third.answer == Answer(200, (), b"old")
    assert made.effect(tool("other")).answer is None
    assert (made.ended(first) or first).fired == ()
