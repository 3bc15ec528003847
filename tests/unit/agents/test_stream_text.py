"""The reply in a stream, in the pieces of each API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.agents.reply_path import NoReply
from flakestorm.agents.stream_text import StreamText
from flakestorm.agents.streaming import StreamEvent
from flakestorm.agents.transport_errors import AnswerFailed
from flakestorm.model.outcome import ErrorKind


def collect(*events: Any, path: str | None = None) -> StreamText:
    """A collector that took ``events``: objects as JSON, texts as they are, pairs with a name."""
    text = StreamText(path)
    for event in events:
        name, data = event if isinstance(event, tuple) else ("", event)
        text.add(StreamEvent(name, data if isinstance(data, str) else json.dumps(data)))
    return text


def chunk(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One chat completion chunk."""
    return {"choices": [{"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish}]}


STREAMS: dict[str, tuple[list[Any], str]] = {
    "openai chat": (
        [chunk(role="assistant"), chunk("Hel"), chunk("lo"), chunk(finish="stop"), {"choices": []}, "[DONE]"],
        "Hello",
    ),
    "openai chat without [DONE]": ([chunk("Hi"), chunk(finish="stop"), {"choices": [], "usage": {}}], "Hi"),
    "openai refusal": ([chunk(refusal="I can't."), chunk(finish="stop")], "I can't."),
    "second choice is left out": (
        [chunk("a", "stop"), {"choices": [{"index": 1, "delta": {"content": "b"}}]}],
        "a",
    ),
    "old completions": ([{"choices": [{"text": "old"}]}, "[DONE]"], "old"),
    "openai tool calls": (
        [
            chunk(tool_calls=[{"index": 0, "function": {"name": "find", "arguments": ""}}]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"q":'}}]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": "1}"}}, "odd", {"index": 1}]),
            chunk(finish="tool_calls"),
        ],
        '[{"name":"find","arguments":"{\\"q\\":1}"}]',
    ),
    "openai responses": (
        [
            {"type": "response.created", "response": {"output": []}},
            {"type": "response.output_text.delta", "delta": "Hel"},
            {"type": "response.output_text.delta", "delta": "lo"},
            {"type": "response.output_text.done", "text": "Hello"},
            {"type": "response.completed", "response": {"error": None}},
        ],
        "Hello",
    ),
    "openai responses call": (
        [
            {"type": "response.function_call_arguments.done", "name": "f", "arguments": "{}"},
            {"type": "response.completed"},
        ],
        '[{"name":"f","arguments":"{}"}]',
    ),
    "anthropic": (
        [
            ("message_start", {"type": "message_start", "message": {"content": []}}),
            ("content_block_start", {"type": "content_block_start", "content_block": {"text": ""}}),
            ("ping", {"type": "ping"}),
            ("content_block_delta", {"type": "content_block_delta", "delta": {"text": "Hel"}}),
            ("content_block_delta", {"type": "content_block_delta", "delta": {"text": "lo"}}),
            ("message_stop", {"type": "message_stop"}),
        ],
        "Hello",
    ),
    "gemini": (
        [
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hel"}]}}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "lo"}]}}]},
        ],
        "Hello",
    ),
    "ollama chat": (
        [
            {"message": {"role": "assistant", "content": "Hel"}, "done": False},
            {"message": {"role": "assistant", "content": "lo"}, "done": False},
            {"message": {"role": "assistant", "content": ""}, "done": True},
        ],
        "Hello",
    ),
    "ollama generate": ([{"response": "Hi", "done": False}, {"response": "", "done": True}], "Hi"),
    "tokens": ([{"token": "a"}, {"text": "b"}, {"content": "c"}, {"delta": {"text": "d"}}], "abcd"),
    "plain text": (["Hel", "lo", " world", "[DONE]"], "Hello world"),
    "JSON texts": (['"Hel"', '"lo\\n"'], "Hello\n"),
    "summary is not added": ([{"token": "a"}, {"token": "b"}, {"type": "final", "output": "ab"}], "ab"),
    "summary alone counts": ([{"type": "final", "output": "ab"}], "ab"),
    "named end": (["ab", ("end", "bye")], "ab"),
    "null and metadata are nothing": (["null", {"run_id": "7"}, "x"], "x"),
    "numbers are text": (["1", "2"], "12"),
    "nothing": ([], ""),
    "deep nesting is text": (["[" * 100_000], "[" * 100_000),
}


@pytest.mark.parametrize("name", STREAMS)
def test_reply_of_stream(name: str) -> None:
    """Each API's stream gives the same reply as its plain answer would."""
    events, reply = STREAMS[name]
    assert collect(*events).text() == reply


@pytest.mark.parametrize(
    ("name", "last"),
    [("openai chat", -1), ("openai responses", -1), ("anthropic", -1), ("ollama chat", -1)],
)
def test_stream_without_its_end_mark_is_cut(name: str, last: int) -> None:
    """A clean end without the terminator is a truncated reply, which SDKs accept in silence."""
    events = [event for event in STREAMS[name][0][:last] if event != chunk(finish="stop")]
    text = collect(*events)
    with pytest.raises(AnswerFailed) as caught:
        text.text()
    assert caught.value.error.kind is ErrorKind.DISCONNECTED
    assert caught.value.error.detail == "Hello"


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ({"error": {"message": "overloaded", "type": "server_error"}}, "'overloaded'"),
        ({"error": "out of memory"}, "'out of memory'"),
        (("error", {"type": "error", "error": {"message": "boo"}}), "'boo'"),
        (("error", "plain"), "'plain'"),
        ({"type": "error", "message": "flat"}, "'flat'"),
        ({"type": "response.failed", "response": {"error": {"message": "failed"}}}, "'failed'"),
    ],
)
def test_error_event(event: Any, shown: str) -> None:
    """An error in mid-stream is an error, though the status stays 200."""
    with pytest.raises(AnswerFailed, match="the stream reported an error") as caught:
        collect({"token": "a"}, event)
    assert caught.value.error.message.endswith(shown)


def test_path_into_events() -> None:
    """With a path each event's piece is what is there; events without it are skipped."""
    text = collect({"meta": 1}, {"a": {"b": "x"}}, {"a": {"b": 2}}, {"a": {"b": None}}, path="$.a.b")
    assert text.text() == "x2"


def test_path_that_no_event_has() -> None:
    """A path that never leads anywhere is a mistake, not an empty reply."""
    with pytest.raises(NoReply, match="has no 'a'"):
        collect({"b": 1}, {"c": 1}, path="$.a").text()


def test_done_at_the_end_mark() -> None:
    """The reader may stop at the mark instead of waiting for the connection to close."""
    text = collect(chunk("a"))
    assert not text.done
    text.add(StreamEvent("", "[DONE]"))
    assert text.done
