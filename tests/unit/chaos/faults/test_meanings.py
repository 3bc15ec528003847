"""Faults in what a reply says, for each provider, whole and streamed: the same reply must come out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.chaos.faults.stream.events import Events
from flakestorm.chaos.faults.words.providers import WORDS
from flakestorm.chaos.faults.words.writing import object_of

WHOLE = "Order 4512 arrives on Monday."


def documents(body: bytes) -> list[dict[str, Any]]:
    """The JSON objects of an answer, whole or streamed."""
    try:
        value = json.loads(body)
    except ValueError:
        events = Events()
        found = [object_of(event.data) for event in [*events.feed(body)]]
        return [document for document in found if document is not None]
    return value if isinstance(value, list) else [value]


def said(api: Any, body: bytes) -> str:
    """The text of an answer."""
    return "".join(text.value for text in WORDS[api.provider].texts(documents(body)))


def asked(api: Any, body: bytes) -> list[tuple[str, Any]]:
    """(tool, arguments) of an answer's tool calls; text that is no JSON stays a text."""
    found = []
    for call in WORDS[api.provider].tool_calls(documents(body)):
        arguments: Any = call.objects[0].get() if call.objects else call.written.value
        if isinstance(arguments, str):
            try:
                arguments = json.loads(arguments)
            except ValueError:
                arguments = f"broken: {arguments}"
        found.append((call.name, arguments))
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_untouched_answers_are_read(api: Any, stream: bool) -> None:
    """The fixtures say what they should, so that the tests below prove something."""
    assert said(api, api.answer(stream=stream)) == WHOLE
    assert asked(api, api.answer(tool=True, stream=stream)) == [
        ("get_order", {"order_id": 4512, "full": True})
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_truncated(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """Two tokens are eight characters, and the reason is that of a reply that became too long."""
    made = passing(
        engine(llm=[{"mode": "truncated_response", "max_tokens": 2}]),
        api.request(stream),
        api.answer(stream=stream),
    )
    assert made.effect.fired == ("truncated_response",)
    assert said(api, made.body) == WHOLE[:8]
    reasons = {"openai": "length", "anthropic": "max_tokens", "google": "MAX_TOKENS", "ollama": "length"}
    assert f'"{reasons.get(api.provider, "max_output_tokens")}"'.encode() in made.body
    assert b"Monday" not in made.body


@pytest.mark.parametrize("stream", [False, True])
def test_truncated_tool_call(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """Arguments are cut like a text; where they are a value, nothing is left of them."""
    made = passing(
        engine(llm=[{"mode": "truncated_response", "max_tokens": 2}]),
        api.request(stream),
        api.answer(tool=True, stream=stream),
    )
    ((name, arguments),) = asked(api, made.body)
    assert name == "get_order"
    assert arguments == {} or arguments == 'broken: {"order_'


@pytest.mark.parametrize("stream", [False, True])
def test_long_enough(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """A reply shorter than the limit is not truncated, byte for byte, and the fault did not fire."""
    upstream = api.answer(stream=stream)
    made = passing(
        engine(llm=[{"mode": "truncated_response", "max_tokens": 99}]), api.request(stream), upstream
    )
    assert made.body == upstream
    assert made.effect.fired == ()
    assert made.effect.held == ("truncated_response: there was nothing that it could change",)


@pytest.mark.parametrize("stream", [False, True])
def test_malformed_arguments(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """Arguments as text are no JSON any more; as a value they have nothing in them."""
    made = passing(
        engine(llm=[{"mode": "malformed_tool_args"}]),
        api.request(stream),
        api.answer(tool=True, stream=stream),
    )
    assert made.effect.fired == ("malformed_tool_args",)
    ((name, arguments),) = asked(api, made.body)
    assert name == "get_order"
    assert arguments == {"order_id": None, "full": None} or str(arguments).startswith('broken: {"order_id')


@pytest.mark.parametrize("mode", ["malformed_tool_args", "unknown_tool", "wrong_tool", "duplicate_tool_call"])
@pytest.mark.parametrize("stream", [False, True])
def test_no_tool_call(api: Any, mode: str, stream: bool, engine: Any, passing: Any) -> None:
    """Faults of tool calls leave a text alone, byte for byte, and did not fire."""
    upstream = api.answer(stream=stream)
    made = passing(engine(llm=[{"mode": mode}]), api.request(stream), upstream)
    assert made.body == upstream
    assert made.effect.fired == ()


@pytest.mark.parametrize("stream", [False, True])
def test_other_tools(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """An unknown tool is not among those offered; a wrong one is, and is not the right one."""
    upstream = api.answer(tool=True, stream=stream)
    unknown = passing(engine(llm=[{"mode": "unknown_tool"}]), api.request(stream), upstream)
    assert asked(api, unknown.body) == [("get_order_v2", {"order_id": 4512, "full": True})]
    wrong = passing(engine(llm=[{"mode": "wrong_tool"}]), api.request(stream), upstream)
    assert asked(api, wrong.body) == [("cancel_order", {"order_id": 4512, "full": True})]
    assert wrong.effect.fired == ("wrong_tool",)


@pytest.mark.parametrize("stream", [False, True])
def test_no_other_tool(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """Where the request offers one tool, there is no wrong one."""
    upstream = api.answer(tool=True, stream=stream)
    body = api.body().replace(b"cancel_order", b"get_order")
    made = passing(engine(llm=[{"mode": "wrong_tool"}]), api.request(stream, body), upstream)
    assert made.body == upstream
    assert made.effect.fired == ()


@pytest.mark.parametrize("stream", [False, True])
def test_duplicate_call(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """The same call twice, with ids of their own where there are ids."""
    made = passing(
        engine(llm=[{"mode": "duplicate_tool_call"}]),
        api.request(stream),
        api.answer(tool=True, stream=stream),
    )
    assert asked(api, made.body) == [("get_order", {"order_id": 4512, "full": True})] * 2
    if api.provider in ("openai", "anthropic", "responses"):
        first = {"openai": b"call_1", "anthropic": b"toolu_1", "responses": b"fc_1"}[api.provider]
        assert first + b'b"' in made.body
        assert first + b'"' in made.body


@pytest.mark.parametrize("stream", [False, True])
def test_drift(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """The reply in another tone."""
    fault = {"mode": "response_drift", "drift_type": "tone_shift", "direction": "formal"}
    made = passing(engine(llm=[fault]), api.request(stream), api.answer(stream=stream))
    assert said(api, made.body) == f"Please find the requested information below. {WHOLE} Kind regards."


@pytest.mark.parametrize("stream", [False, True])
def test_missing_usage(api: Any, stream: bool, engine: Any, passing: Any) -> None:
    """Nothing about tokens is left, and the text is still there."""
    made = passing(engine(llm=[{"mode": "missing_usage"}]), api.request(stream), api.answer(stream=stream))
    assert made.effect.fired == ("missing_usage",)
    assert b"usage" not in made.body
    assert b"_count" not in made.body
    assert said(api, made.body) == WHOLE


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", ["empty", "garbage", "refusal", "empty_choices", "content_filter"])
def test_made_up_replies(api: Any, mode: str, stream: bool, engine: Any, passing: Any) -> None:
    """Valid answers of the provider, whole or streamed as asked, or a reason why there are none."""
    made = passing(engine(llm=[{"mode": mode}]), api.request(stream), b"never asked")
    if api.provider == "ollama" and mode in ("content_filter", "empty_choices"):
        assert made.effect.held == (f"{mode}: the provider has no such reply",)
        return
    assert made.effect.fired == (mode,)
    found = documents(made.body)
    assert found
    text = said(api, made.body)
    if mode == "garbage":
        assert text
    elif mode == "refusal" and api.provider in ("openai", "responses"):
        assert text == ""
        assert b'"refusal"' in made.body
    else:
        assert bool(text) == (mode == "refusal")
    kinds = {"ollama": "application/x-ndjson", "google_list": "application/json; charset=UTF-8"}
    kind = kinds.get(api.name, "text/event-stream; charset=utf-8")
    is_error = made.answer.status == 400
    assert is_error == (mode == "content_filter" and api.provider == "anthropic")
    assert (("content-type", kind) in made.answer.headers) == (
        (stream and not is_error) or api.name == "google_list"
    )


@pytest.mark.parametrize("mode", ["refusal", "empty", "truncated_response", "malformed_json"])
def test_only_replies_have_a_meaning(mode: str, engine: Any, passing: Any, apis: Any) -> None:
    """Embeddings are left alone."""
    from dataclasses import replace

    call = replace(apis("openai").request(), url="https://api.openai.com/v1/embeddings")
    made = passing(engine(llm=[{"mode": mode}]), call, b'{"data": []}')
    assert made.effect.held == (f"{mode}: the call does not ask for a reply",)
    assert made.body == b'{"data": []}'


@pytest.mark.parametrize("status", [401, 500])
@pytest.mark.parametrize("stream", [False, True])
def test_errors_of_the_upstream(api: Any, status: int, stream: bool, engine: Any, passing: Any) -> None:
    """Edits and stream faults leave them as they are, and did not fire."""
    faults = [{"mode": mode} for mode in ("truncated_response", "stall", "response_drift")]
    made = passing(engine(llm=faults), api.request(stream), api.answer(), status=status)
    assert made.body == api.answer()
    assert made.effect.fired == ()
