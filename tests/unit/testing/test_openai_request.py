"""Requests of the Chat Completions API: what is understood, and what is refused as the real API does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.testing.openai_request import chat_request
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Tool, ToolCall

USER = {"role": "user", "content": "hi"}
CALLING = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}],
}
RESULT = {"role": "tool", "tool_call_id": "a", "content": "2"}


def body(**parts: Any) -> bytes:
    """A request with ``parts`` changed."""
    return json.dumps({"model": "m", "messages": [USER], **parts}).encode()


def test_messages_of_all_roles() -> None:
    """A developer is a system, content may come in parts, calls and results stay tied."""
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "b"},
    ]
    messages = [
        {"role": "developer", "content": "rules"},
        {"role": "user", "content": parts},
        CALLING,
        RESULT,
    ]
    assert chat_request(body(messages=messages), ()).messages == (
        Message("system", "rules"),
        Message("user", "ab"),
        Message("assistant", "", (ToolCall("f", {"x": 1}, "a"),)),
        Message("tool", "2", tool_call_id="a"),
    )


@pytest.mark.parametrize("arguments", ["not json", "[1]"])
def test_arguments_that_are_no_object(arguments: str) -> None:
    """The model wrote them; they count as none."""
    call = {"id": "a", "function": {"name": "f", "arguments": arguments}}
    messages = [USER, {"role": "assistant", "tool_calls": [call]}, RESULT]
    assert chat_request(body(messages=messages), ()).messages[1].tool_calls[0].arguments == {}


def test_tools_and_options() -> None:
    """Functions count, ``tool_choice: none`` takes them away."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    asked = chat_request(body(tools=[tool], stream=True, stream_options={"include_usage": True}, n=2), ["m"])
    assert asked.tools == (Tool("f", "", {"type": "object"}),)
    assert (asked.stream, asked.include_usage, asked.choices) == (True, True, 2)
    assert chat_request(body(tools=[tool], tool_choice="none"), ()).tools == ()


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"{", 400, "JSON"),
        (b"[]", 400, "JSON"),
        (body(model=""), 400, "model"),
        (body(model="other"), 404, "`other` does not exist"),
        (json.dumps({"model": "m"}).encode(), 400, "'messages'"),
        (body(messages="hi"), 400, "array of objects"),
        (body(messages=["hi"]), 400, "array of objects"),
        (body(messages=[]), 400, "empty array"),
        (body(messages=[{"role": "robot", "content": "hi"}]), 400, "'robot'"),
        (body(messages=[{"role": "user", "content": 7}]), 400, "messages[0].content"),
        (body(messages=[{"role": "tool", "content": "2"}]), 400, "tool_call_id"),
        (body(messages=[USER, RESULT]), 400, "preceding message"),
        (body(messages=[CALLING, RESULT, RESULT]), 400, "preceding message"),
        (body(messages=[CALLING, USER]), 400, "Without response: a"),
        (body(messages=[USER, CALLING]), 400, "Without response: a"),
        (body(messages=[{"role": "assistant", "tool_calls": [{"id": "a"}]}]), 400, "function.name"),
        (body(tools=[{"type": "function"}]), 400, "'tools'"),
        (body(tools=["f"]), 400, "'tools'"),
    ],
)
def test_what_is_refused(raw: bytes, status: int, said: str) -> None:
    """With the status of the real API and a message that names the mistake."""
    with pytest.raises(Refused) as refused:
        chat_request(raw, ["m"])
    assert refused.value.status == status
    assert said in str(refused.value)
