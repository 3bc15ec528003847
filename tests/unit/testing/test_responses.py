"""OpenAI's Responses API: requests are understood or refused, answers are the same whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.testing.refused import Refused
from flakestorm.testing.responses_memory import KEPT, ResponsesMemory
from flakestorm.testing.responses_reply import Response
from flakestorm.testing.responses_request import ResponsesRequest, responses_request
from flakestorm.testing.script import Message, Reply, Tool, ToolCall

USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x": 1}'}
OUTPUT = {"type": "function_call_output", "call_id": "a", "output": "2"}


def body(**parts: Any) -> bytes:
    """A request with ``parts`` changed."""
    return json.dumps({"model": "m", "input": "hi", **parts}).encode()


def nothing(_response_id: str) -> Sequence[Message]:
    """A server that remembers nothing."""
    raise AssertionError("nobody asked for it")


def joined(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The output that clients put together from the events."""
    output: list[dict[str, Any]] = []
    for event in events:
        kind = event["type"].removeprefix("response.")
        if kind == "output_item.added":
            output.append(dict(event["item"]))
        elif kind == "content_part.added":
            output[event["output_index"]]["content"].append(dict(event["part"]))
        elif kind == "output_text.delta":
            output[event["output_index"]]["content"][event["content_index"]]["text"] += event["delta"]
        elif kind == "function_call_arguments.delta":
            output[event["output_index"]]["arguments"] += event["delta"]
        elif kind == "output_item.done":
            output[event["output_index"]]["status"] = event["item"]["status"]
    return output


@settings(max_examples=60)
@given(data=st.data())
def test_streamed_is_the_same_as_whole(data: st.DataObject, replies: st.SearchStrategy[Reply]) -> None:
    """Items from the deltas, and the whole response at the end; there is no other terminator."""
    asked = ResponsesRequest("m", (Message("user", "hi"),), "", (), True, {})
    made = Response(asked, data.draw(replies), 5, 1)
    events = [
        json.loads(part.split(b"data: ", 1)[1]) for part in b"".join(made.stream()).split(b"\n\n") if part
    ]
    whole = json.loads(json.dumps(made.body()))
    assert joined(events) == whole["output"]
    assert events[-1]["response"] == whole
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_a_conversation() -> None:
    """Items become messages, neighbours of the assistant one turn, and reasoning is nobody's."""
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "reasoning", "summary": []},
        {"role": "assistant", "content": [{"type": "output_text", "text": "so"}]},
        CALL,
        OUTPUT,
    ]
    asked = responses_request(body(input=items, instructions="rules"), (), nothing)
    assert asked.messages == (
        Message("system", "rules"),
        Message("user", "hi"),
        Message("assistant", "so", (ToolCall("f", {"x": 1}, "a"),)),
        Message("tool", "2", tool_call_id="a"),
    )
    assert asked.settings == {"instructions": "rules"}


def test_tools() -> None:
    """Functions count, and ``tool_choice`` can take them away."""
    tools = [{"type": "function", "name": "f", "parameters": {}}, {"type": "web_search"}]
    assert responses_request(body(tools=tools), ["m"], nothing).tools == (Tool("f"),)
    assert responses_request(body(tools=tools, tool_choice="none"), (), nothing).tools == ()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "JSON"),
        (body(model=None), "model"),
        (body(model="other"), "`other` does not exist"),
        (body(input=None), "'input'"),
        (body(input=[]), "empty array"),
        (body(input=7), "array of objects"),
        (body(input=[{"role": "tool", "content": "hi"}]), "'tool'"),
        (body(input=[{"role": "user", "content": 7}]), "input[0].content"),
        (body(input=[{**CALL, "name": ""}]), "input[0].name"),
        (body(input=[USER, OUTPUT]), "No tool call found for function call output with call_id a"),
        (body(input=[USER, CALL]), "No tool output found for function call a"),
        (body(tools=[{"type": "function"}]), "'tools'"),
        (body(tools=["f"]), "'tools'"),
    ],
)
def test_what_is_refused(raw: bytes, said: str) -> None:
    """With a message that names the mistake."""
    with pytest.raises(Refused) as refused:
        responses_request(raw, ["m"], nothing)
    assert said in str(refused.value)


def test_conversations_are_remembered_without_their_instructions() -> None:
    """So it is with the real API; of very many, the oldest are forgotten."""
    memory, request = ResponsesMemory(), make_mocked_request("POST", "/v1/responses")
    first = memory.write(memory.read(request, body(instructions="rules"), ()), Reply("yes"), 1)
    again = body(input="and?", previous_response_id=first.id)
    assert memory.read(request, again, ()).messages == (
        Message("user", "hi"),
        Message("assistant", "yes"),
        Message("user", "and?"),
    )
    for number in range(KEPT):
        memory.write(memory.read(request, body(), ()), Reply("yes"), 2 + number)
    with pytest.raises(Refused, match="not found"):
        memory.read(request, again, ())
