"""Anthropic's Messages API: requests are understood or refused, answers are the same whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.testing.anthropic_reply import AssistantMessage, error_body
from flakestorm.testing.anthropic_request import MessagesRequest, count_request, messages_request
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Reply, Tool, ToolCall

USER = {"role": "user", "content": "hi"}
CALLING = {
    "role": "assistant",
    "content": [{"type": "text", "text": "so"}, {"type": "tool_use", "id": "a", "name": "f", "input": {}}],
}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "2"}]}
ANSWERED = {"role": "user", "content": [RESULT]}


def body(**parts: Any) -> bytes:
    """A request with ``parts`` changed; None leaves one out."""
    whole = {"model": "m", "max_tokens": 9, "messages": [USER], **parts}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def joined(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that clients put together from its events."""
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for event in events:
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "content_block_start":
            message["content"].append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            delta, index = event["delta"], event["index"]
            if delta["type"] == "text_delta":
                message["content"][index]["text"] += delta["text"]
            else:
                inputs[index] = inputs.get(index, "") + delta["partial_json"]
        elif event["type"] == "message_delta":
            message |= event["delta"]
            message["usage"] |= event["usage"]
    for index, text in inputs.items():
        message["content"][index]["input"] = json.loads(text or "{}")
    return message


@settings(max_examples=60)
@given(data=st.data())
def test_streamed_is_the_same_as_whole(data: st.DataObject, replies: st.SearchStrategy[Reply]) -> None:
    """Blocks, stop reason and usage."""
    asked = MessagesRequest("m", (Message("user", "hi"),), (), True)
    made = AssistantMessage(asked, data.draw(replies), 5)
    events = list(made.events())
    assert joined(json.loads(json.dumps(events))) == json.loads(json.dumps(made.body()))
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    assert b"".join(made.stream()).count(b"event: ") == len(events)


def test_messages_of_all_roles() -> None:
    """Results become messages of their own, before the text that came with them."""
    entries = [
        USER,
        {"role": "assistant", "content": "well,"},
        CALLING,
        {"role": "user", "content": [RESULT, {"type": "text", "text": "and?"}]},
        {"role": "system", "content": "be brief"},
    ]
    asked = messages_request(body(messages=entries, system=[{"type": "text", "text": "rules"}]), ())
    assert asked.messages == (
        Message("system", "rules"),
        Message("user", "hi"),
        Message("assistant", "well,so", (ToolCall("f", {}, "a"),)),
        Message("tool", "2", tool_call_id="a"),
        Message("user", "and?"),
        Message("system", "be brief"),
    )


def test_tools() -> None:
    """Those with a schema count, and ``tool_choice`` can take them away."""
    tools = [{"name": "f", "input_schema": {"type": "object"}}, {"type": "web_search", "name": "web"}]
    assert messages_request(body(tools=tools), ["m"]).tools == (Tool("f", "", {"type": "object"}),)
    assert messages_request(body(tools=tools, tool_choice={"type": "none"}), ()).tools == ()


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"{", 400, "JSON"),
        (body(model=None), 400, "model: Field required"),
        (body(model="other"), 404, "model: other"),
        (body(max_tokens=None), 400, "max_tokens: Field required"),
        (body(max_tokens=0), 400, "not 0"),
        (body(max_tokens="9"), 400, "not '9'"),
        (body(messages=None), 400, "messages: Field required"),
        (body(messages=[]), 400, "at least one"),
        (body(messages="hi"), 400, "array of objects"),
        (body(messages=[{"role": "tool", "content": "hi"}]), 400, "messages.0.role: 'tool'"),
        (body(messages=[{"role": "user"}]), 400, "messages.0.content: Field required"),
        (body(messages=[{"role": "user", "content": ["hi"]}]), 400, "messages.0.content"),
        (body(messages=[{**CALLING, "content": [{"type": "tool_use"}]}]), 400, "an id, a name and an input"),
        (body(messages=[USER, CALLING]), 400, "without `tool_result` blocks at the start"),
        (body(messages=[USER, CALLING, USER, ANSWERED]), 400, "next message: a"),
        (body(messages=[ANSWERED]), 400, "without a `tool_use` in the message before it: a"),
        (body(tools=[{"input_schema": {}}]), 400, "tools"),
        (body(tools=[7]), 400, "tools"),
    ],
)
def test_what_is_refused(raw: bytes, status: int, said: str) -> None:
    """With the status of the real API and a message that names the mistake."""
    with pytest.raises(Refused) as refused:
        messages_request(raw, ["m"])
    assert refused.value.status == status
    assert said in str(refused.value)


def test_counting_needs_no_limit() -> None:
    """Nothing is going to be written."""
    assert count_request(body(max_tokens=None), ()).messages == (Message("user", "hi"),)


def test_error_types() -> None:
    """A status of its own has its type; any other falls into the two classes."""
    kinds = {status: error_body(status, "x", 1)["error"]["type"] for status in (400, 422, 429, 502, 529)}
    assert kinds == {
        400: "invalid_request_error",
        422: "invalid_request_error",
        429: "rate_limit_error",
        502: "api_error",
        529: "overloaded_error",
    }
