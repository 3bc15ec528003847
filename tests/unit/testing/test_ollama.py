"""Ollama's API: requests are understood or refused, answers are the same whole and streamed."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.testing.ollama_reply import OllamaAnswer, tag
from flakestorm.testing.ollama_request import OllamaRequest, chat_request, generate_request
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Reply, Tool, ToolCall

USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def body(**parts: Any) -> bytes:
    """A request with ``parts`` changed."""
    return json.dumps({"model": "m", "messages": [USER], **parts}).encode()


def said(line: dict[str, Any]) -> tuple[str, list[Any]]:
    """Text and calls of an answer or of one line."""
    if "response" in line:
        return line["response"], []
    return line["message"]["content"], line["message"].get("tool_calls", [])


@settings(max_examples=60)
@given(data=st.data(), route=st.sampled_from(["chat", "generate"]))
def test_streamed_is_the_same_as_whole(
    data: st.DataObject, replies: st.SearchStrategy[Reply], route: Literal["chat", "generate"]
) -> None:
    """Text, calls and counts; only the last line is done."""
    asked = OllamaRequest("m", (Message("user", "hi"),), (), True, route)
    made = OllamaAnswer(asked, data.draw(replies), 5)
    lines = [json.loads(line) for line in b"".join(made.stream()).split(b"\n") if line]
    whole = json.loads(json.dumps(made.body()))
    texts, calls = zip(*map(said, lines), strict=True)
    assert ("".join(texts), [call for part in calls for call in part]) == said(whole)
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert {**lines[-1], **whole} == {**lines[-1], **whole, "done_reason": "stop"}
    assert lines[-1]["eval_count"] == whole["eval_count"]


def test_a_conversation() -> None:
    """Results are tied by id, by name, or not at all."""
    call = {"function": {"name": "f", "arguments": {"x": 1}}}
    entries = [
        {"role": "system", "content": "rules"},
        USER,
        {"role": "assistant", "content": None, "tool_calls": [{**call, "id": "a"}, call]},
        {"role": "tool", "content": "1", "tool_call_id": "a"},
        {"role": "tool", "content": "2", "tool_name": "f"},
        {"role": "tool", "content": "3"},
    ]
    asked = chat_request(body(messages=entries, tools=[TOOL]), ())
    assert asked.messages == (
        Message("system", "rules"),
        Message("user", "hi"),
        Message("assistant", "", (ToolCall("f", {"x": 1}, "a"), ToolCall("f", {"x": 1}))),
        Message("tool", "1", tool_call_id="a"),
        Message("tool", "2", tool_call_id="f"),
        Message("tool", "3"),
    )
    assert asked.tools == (Tool("f", "", {"type": "object"}),)


def test_it_streams_unless_told_not_to() -> None:
    """The only one of the APIs."""
    assert chat_request(body(), ()).stream
    assert chat_request(body(stream=None), ()).stream
    assert not generate_request(body(stream=False), ()).stream


def test_generate() -> None:
    """Rules and a text; without a text the model is loaded."""
    asked = generate_request(body(prompt="hi", system="rules"), ["m:latest"])
    assert asked.messages == (Message("system", "rules"), Message("user", "hi"))
    loading = OllamaAnswer(generate_request(body(), ()), Reply(), 1).body()
    assert (loading["response"], loading["done_reason"]) == ("", "load")
    assert "eval_count" not in loading


def test_names_have_a_tag() -> None:
    """The latest one, when none is told."""
    assert (tag("m")["name"], tag("m:1b")["name"]) == ("m:latest", "m:1b")


@pytest.mark.parametrize(
    ("raw", "status", "told"),
    [
        (b"{", 400, "JSON"),
        (body(model=None), 400, "model is required"),
        (body(model="other"), 404, "model 'other' not found"),
        (body(messages="hi"), 400, "array of objects"),
        (body(messages=[{"role": "robot"}]), 400, "'robot'"),
        (body(messages=[{"role": "user", "content": ["hi"]}]), 400, "must be a string"),
        (body(messages=[{"role": "assistant", "tool_calls": [{}]}]), 400, "messages.tool_calls"),
        (body(tools=[{"type": "function"}]), 400, "tools"),
        (body(tools=["f"]), 400, "tools"),
    ],
)
def test_what_is_refused(raw: bytes, status: int, told: str) -> None:
    """With the status of the real API and a message that names the mistake."""
    with pytest.raises(Refused) as refused:
        chat_request(raw, ["m"])
    assert refused.value.status == status
    assert told in str(refused.value)
