"""Faults of streams, event by event, for each provider."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.chaos.effect import Ending, Pause
from flakestorm.chaos.faults.stream.events import Events
from flakestorm.chaos.faults.words.providers import WORDS
from flakestorm.chaos.faults.words.writing import object_of


def events(body: bytes) -> list[bytes]:
    """The payloads of a stream."""
    return [event.data for event in Events().feed(body) if event.data]


@pytest.mark.parametrize(
    ("mode", "ending"), [("stall", "HANG"), ("stream_cut", "RESET"), ("silent_truncation", "CLEAN")]
)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_ends_early(api: Any, mode: str, ending: str, count: int, engine: Any, passing: Any) -> None:
    """So many events pass as they came, then the stream ends in the way of the mode."""
    upstream = api.answer(stream=True)
    made = passing(engine(llm=[{"mode": mode, "after_chunks": count}]), api.request(True), upstream)
    assert made.effect.fired == (mode,)
    assert made.steps[-1] is Ending[ending]
    assert upstream.startswith(made.body)
    assert events(made.body) == events(upstream)[:count]


@pytest.mark.parametrize("size", [1, 10_000])
def test_never_complete(api: Any, size: int, engine: Any, passing: Any) -> None:
    """However many chunks may pass, the event that says "complete" does not."""
    made = passing(
        engine(llm=[{"mode": "silent_truncation", "after_chunks": 999}]),
        api.request(True),
        api.answer(stream=True),
        size,
    )
    assert made.effect.fired == ("silent_truncation",)
    words = WORDS[api.provider]
    assert b"[DONE]" not in made.body
    assert not any(words.is_last(object_of(data) or {}) for data in events(made.body))
    assert len(events(made.body)) == len(events(api.answer(stream=True))) - 1


def test_stream_error(api: Any, engine: Any, passing: Any) -> None:
    """The provider's error event, and then the clean end."""
    fault = engine(llm=[{"mode": "stream_error"}])
    made = passing(fault, api.request(True), api.answer(stream=True))
    assert made.steps[-1] is Ending.CLEAN
    *before, last = events(made.body)
    assert before == events(api.answer(stream=True))[:3]
    error = json.loads(last)
    assert fault.probe in last.decode()
    shapes = {"responses": error.get("type"), "anthropic": error.get("error", {})}
    if api.provider == "responses":
        assert shapes["responses"] == "error"
    elif api.provider == "anthropic":
        assert shapes["anthropic"]["type"] == "overloaded_error"
        assert b"event: error\n" in made.body
    else:
        assert "error" in error
    if api.name == "google_list":
        assert json.loads(made.body)


def test_malformed_chunk(api: Any, engine: Any, passing: Any) -> None:
    """One event with a piece of the answer is no JSON, all others are as they were."""
    upstream = api.answer(stream=True)
    made = passing(engine(llm=[{"mode": "malformed_chunk"}]), api.request(True), upstream)
    if api.name == "google_list":
        with pytest.raises(json.JSONDecodeError):
            json.loads(made.body)
        return
    broken = [data for data in events(made.body) if data != b"[DONE]" and object_of(data) is None]
    assert len(broken) == 1
    assert len(events(made.body)) == len(events(upstream))


@pytest.mark.parametrize("tool", [False, True])
def test_duplicate_chunk(api: Any, tool: bool, engine: Any, passing: Any) -> None:
    """One event with a piece of the answer comes twice."""
    upstream = api.answer(tool, stream=True)
    made = passing(engine(llm=[{"mode": "duplicate_chunk"}]), api.request(True), upstream)
    before, after = events(upstream), events(made.body)
    differing = (number for number, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    twice = next(differing, len(before))
    assert after == [*before[:twice], before[twice - 1], *before[twice:]]
    assert len(after) == len(before) + 1


def test_unknown_event(api: Any, engine: Any, passing: Any) -> None:
    """One event more, behind the first one; a comment only where clients know comments."""
    upstream = api.answer(stream=True)
    made = passing(engine(llm=[{"mode": "unknown_event"}]), api.request(True), upstream)
    before, after = events(upstream), events(made.body)
    assert [after[0], *after[2:]] == before
    assert json.loads(after[1])
    assert (b": keep-alive" in made.body) == (api.provider in ("openai", "responses", "anthropic"))


def test_slow_tokens(api: Any, engine: Any, passing: Any) -> None:
    """A pause before each event, and every byte as it came."""
    upstream = api.answer(stream=True)
    made = passing(engine(llm=[{"mode": "slow_tokens", "delay_ms": 30}]), api.request(True), upstream)
    assert made.body == upstream
    assert made.steps.count(Pause(30)) == len(events(upstream))
    assert made.effect.fired == ("slow_tokens",)


@pytest.mark.parametrize(("delay", "pauses"), [(700, 1), (0, 0)])
def test_slow_first_token(delay: int, pauses: int, apis: Any, engine: Any, passing: Any) -> None:
    """One pause before the first byte; without any there is no fault."""
    api = apis("openai")
    upstream = api.answer(stream=True)
    made = passing(engine(llm=[{"mode": "slow_first_token", "delay_ms": delay}]), api.request(True), upstream)
    assert made.body == upstream
    assert made.steps.count(Pause(delay)) == pauses
    assert bool(made.effect.fired) == bool(pauses)


def test_slow_first_token_of_a_whole_answer(apis: Any, engine: Any) -> None:
    """The call begins late; by default ten seconds."""
    effect = engine(llm=[{"mode": "slow_first_token"}]).effect(apis("openai").request())
    assert effect.delay_ms == 10_000
    assert effect.shaper is None


@pytest.mark.parametrize("stream", [False, True])
def test_bandwidth(stream: bool, apis: Any, engine: Any) -> None:
    """Ten slices a second, whatever passes."""
    effect = engine(llm=[{"mode": "bandwidth", "bytes_per_s": 100}]).effect(apis("openai").request(stream))
    assert effect.shaper is not None
    shaper = effect.shaper()
    steps = [*shaper.feed(b"x" * 25), *shaper.finish()]
    assert steps == [Pause(100), b"x" * 10, Pause(100), b"x" * 10, Pause(50), b"x" * 5]


@pytest.mark.parametrize(
    "mode",
    [
        "slow_tokens",
        "stall",
        "stream_cut",
        "silent_truncation",
        "stream_error",
        "malformed_chunk",
        "duplicate_chunk",
    ],
)
def test_whole_answers_have_no_stream(mode: str, api: Any, engine: Any, passing: Any) -> None:
    """Stream faults are held on calls that ask for no stream."""
    made = passing(engine(llm=[{"mode": mode}]), api.request(), api.answer())
    assert made.effect.held == (f"{mode}: the call does not ask for a stream",)
    assert made.body == api.answer()


def test_several_shapers(apis: Any, engine: Any, passing: Any) -> None:
    """Stream faults compose: what the first lets pass goes through the second, pauses stay."""
    api = apis("openai")
    faults = [
        {"mode": "slow_first_token", "delay_ms": 5},
        {"mode": "duplicate_chunk"},
        {"mode": "missing_usage"},
    ]
    made = passing(engine(llm=faults), api.request(True), api.answer(stream=True))
    assert made.effect.fired == ("slow_first_token", "duplicate_chunk", "missing_usage")
    assert made.steps[0] == Pause(5)
    assert b"usage" not in made.body
    assert made.body.count(b'"Order"') == 2


@pytest.mark.parametrize("held_back_first", [False, True])
def test_end_with_something_held_back(held_back_first: bool, apis: Any, engine: Any, passing: Any) -> None:
    """When the stream is cut, an edit still gives out what came before the cut."""
    api = apis("openai")
    faults: list[dict[str, Any]] = [
        {"mode": "silent_truncation", "after_chunks": 3},
        {"mode": "truncated_response", "max_tokens": 2},
    ]
    if held_back_first:
        faults.reverse()
    made = passing(engine(llm=faults), api.request(True), api.answer(stream=True))
    assert set(made.effect.fired) == {"silent_truncation", "truncated_response"}
    assert made.steps[-1] is Ending.CLEAN
    texts = [json.loads(data)["choices"][0]["delta"].get("content", "") for data in events(made.body)]
    assert "".join(texts) == "Order 45"


def test_stream_handed_over_whole(api: Any, engine: Any) -> None:
    """A client hook that reads the whole stream first gets the same edit from rewrite."""
    from flakestorm.chaos.effect import Answer

    effect = engine(llm=[{"mode": "truncated_response", "max_tokens": 2}]).effect(api.request(True))
    assert effect.rewrite is not None
    answer = Answer(200, (), api.answer(stream=True))
    assert b"Monday" not in effect.rewrite(answer).body
    untouched = Answer(200, (), b"data: [DONE]\n\n")
    assert effect.rewrite(untouched) == untouched
    assert effect.rewrite(Answer(200, (), b"[1, 2]")) == Answer(200, (), b"[1, 2]")


def test_rest_of_an_edited_stream(apis: Any, engine: Any, passing: Any) -> None:
    """Bytes behind the last complete event are not lost."""
    api = apis("openai")
    upstream = api.answer(stream=True) + b"data: {unfinished"
    made = passing(engine(llm=[{"mode": "truncated_response", "max_tokens": 2}]), api.request(True), upstream)
    assert made.body.endswith(b"data: {unfinished")
    made = passing(engine(llm=[{"mode": "slow_tokens", "delay_ms": 1}]), api.request(True), upstream)
    assert made.body == upstream
