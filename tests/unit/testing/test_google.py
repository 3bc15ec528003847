"""Gemini's generateContent: requests are understood or refused, answers are the same whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.testing.google_reply import Generation, error_body
from flakestorm.testing.google_request import GenerateRequest, generate_request
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Reply, Tool, ToolCall

USER = {"role": "user", "parts": [{"text": "hi"}]}


def call(name: str, **more: Any) -> dict[str, Any]:
    """A part with a call."""
    return {"functionCall": {"name": name, **more}}


def result(name: str, response: Any, **more: Any) -> dict[str, Any]:
    """A part with a result."""
    return {"functionResponse": {"name": name, "response": response, **more}}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    """What the model said."""
    return {"role": "model", "parts": list(parts)}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    """What it was told."""
    return {"role": "user", "parts": list(parts)}


def read(**body: Any) -> GenerateRequest:
    """The request with that body."""
    return generate_request(json.dumps({"contents": [USER], **body}).encode(), "m", False, False)


@settings(max_examples=60)
@given(data=st.data())
def test_streamed_is_the_same_as_whole(data: st.DataObject, replies: st.SearchStrategy[Reply]) -> None:
    """Text, calls, reason and usage, in both framings."""
    reply = data.draw(replies)
    for sse in (True, False):
        made = Generation(GenerateRequest("m", (Message("user", "hi"),), (), True, sse), reply, 5)
        sent = b"".join(made.stream())
        if sse:
            chunks = [json.loads(part.removeprefix(b"data: ")) for part in sent.split(b"\r\n\r\n") if part]
        else:
            chunks = json.loads(sent)
        whole = json.loads(json.dumps(made.body()))
        assert _parts(chunks) == _parts([whole])
        assert chunks[-1]["usageMetadata"] == whole["usageMetadata"]
        reasons = [chunk["candidates"][0].get("finishReason") for chunk in chunks]
        assert reasons == [None] * (len(chunks) - 1) + ["STOP"]


def _parts(chunks: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    text = "".join(part.get("text", "") for part in parts)
    return text, [part["functionCall"] for part in parts if "functionCall" in part]


def test_a_conversation() -> None:
    """Results find their calls by id or by name; a result that is alone is its text."""
    contents = [
        {"parts": {"text": "hi"}},
        model({"text": "hm", "thought": True}, {"text": "so"}, call("f", args={"x": 1}, id="a"), call("g")),
        user(result("f", {"output": "1"}, id="a"), result("g", {"n": 2}), {"text": "and?"}),
    ]
    asked = read(contents=contents, systemInstruction={"parts": [{"text": "rules"}]})
    assert asked.messages == (
        Message("system", "rules"),
        Message("user", "hi"),
        Message("assistant", "so", (ToolCall("f", {"x": 1}, "a"), ToolCall("g", {}, "contents[1].1"))),
        Message("tool", "1", tool_call_id="a"),
        Message("tool", '{"n": 2}', tool_call_id="contents[1].1"),
        Message("user", "and?"),
    )


@pytest.mark.parametrize(
    ("response", "text"),
    [({"result": "x"}, "x"), ({"output": 7}, '{"output": 7}'), ({"a": "ü"}, '{"a": "ü"}'), (None, "null")],
)
def test_results(response: Any, text: str) -> None:
    """A text by itself is that text, everything else is JSON."""
    contents = [USER, model(call("f")), user(result("f", response))]
    assert read(contents=contents).messages[-1].text == text


def test_tools() -> None:
    """Declared in either spelling, and taken away by the mode."""
    declared = [{"name": "f", "parametersJsonSchema": {"type": "object"}}]
    expected = (Tool("f", "", {"type": "object"}),)
    assert read(tools=[{"functionDeclarations": declared}]).tools == expected
    assert read(tools=[{"function_declarations": declared}, {"googleSearch": {}}]).tools == expected
    forbidden = {"functionCallingConfig": {"mode": "NONE"}}
    assert read(tools=[{"functionDeclarations": declared}], toolConfig=forbidden).tools == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"contents": None}, "contents is not specified"),
        ({"contents": ["hi"]}, "array of objects"),
        ({"contents": [{"role": "robot", "parts": []}]}, "'robot'"),
        ({"contents": [{"parts": "hi"}]}, "array of objects"),
        ({"contents": [model({"functionCall": {}})]}, "function_call needs a name"),
        ({"contents": [user({"functionResponse": 7})]}, "function_response needs a name"),
        ({"contents": [user(result("f", {}))]}, "number of function response parts"),
        ({"contents": [model(call("f"), call("g")), user(result("f", {}))]}, "number of function response"),
        ({"contents": [model(call("f", id="a")), user(result("f", {}, id="b"))]}, "number of function"),
        ({"contents": [USER, model(call("f"))]}, "number of function response parts"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "objects with a name"),
        ({"tools": [7]}, "objects with a name"),
    ],
)
def test_what_is_refused(body: dict[str, Any], said: str) -> None:
    """As a wrong argument, with a message that names the mistake."""
    with pytest.raises(Refused) as refused:
        read(**body)
    assert refused.value.status == 400
    assert said in str(refused.value)


def test_error_statuses() -> None:
    """Every status has a word; an unknown one falls into the two classes."""
    words = {status: error_body(status, "x")["error"]["status"] for status in (404, 418, 429, 503, 599)}
    assert words == {
        404: "NOT_FOUND",
        418: "INVALID_ARGUMENT",
        429: "RESOURCE_EXHAUSTED",
        503: "UNAVAILABLE",
        599: "INTERNAL",
    }
