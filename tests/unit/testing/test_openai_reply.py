"""Answers of the Chat Completions API: whole and streamed, they say the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.testing.openai_reply import completion, error_body
from flakestorm.testing.openai_request import ChatRequest
from flakestorm.testing.script import Message, Reply, ToolCall
from flakestorm.testing.tokens import tokens

CALLS = st.builds(ToolCall, st.text(min_size=1), st.dictionaries(st.text(), st.integers(), max_size=2))
REPLIES = st.builds(Reply, st.text(), st.lists(CALLS, max_size=2).map(tuple))


def asked(choices: int = 1, include_usage: bool = True) -> ChatRequest:
    """A streamed request."""
    return ChatRequest("m", (Message("user", "hi"),), (), True, include_usage, choices)


def joined(chunks: list[dict[str, Any]], index: int) -> tuple[str, list[dict[str, Any]], str]:
    """Text, calls and finish reason of choice ``index``, put together as clients do."""
    text, calls, finish = "", [], ""
    for choice in (choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index):
        delta = choice["delta"]
        text += delta.get("content") or ""
        for part in delta.get("tool_calls", ()):
            if part["index"] == len(calls):
                calls.append({"id": part["id"], "type": "function", "function": {**part["function"]}})
            else:
                calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
        finish = choice["finish_reason"] or finish
    return text, calls, finish


@settings(max_examples=60)
@given(REPLIES, st.integers(1, 2))
def test_streamed_is_the_same_as_whole(reply: Reply, choices: int) -> None:
    """Text, calls, finish reason and usage, for each choice."""
    made = completion(asked(choices), reply, 5)
    body, chunks = json.loads(json.dumps(made.body())), list(made.chunks())
    for choice in body["choices"]:
        message = choice["message"]
        whole = (message["content"] or "", message.get("tool_calls", []), choice["finish_reason"])
        assert joined(chunks, choice["index"]) == whole
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == body["usage"]
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert {chunk["id"] for chunk in chunks} == {body["id"]}


def test_without_usage() -> None:
    """Streams mention it only when it was asked for."""
    chunks = list(completion(asked(include_usage=False), Reply("hi"), 1).chunks())
    assert all("usage" not in chunk and chunk["choices"] for chunk in chunks)


def test_no_text_beside_calls_is_null() -> None:
    """And a call without an id gets one."""
    message = completion(asked(), Reply(tool_calls=(ToolCall("f"),)), 3).body()["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["id"] == "call_0000000300"
    assert completion(asked(), Reply(""), 3).body()["choices"][0]["message"]["content"] == ""


def test_tokens_grow_with_the_text() -> None:
    """About as tokenizers count."""
    assert tokens("") == 0
    assert tokens("Hello, world") == 4
    assert tokens("word " * 100) == 200


def test_error_types() -> None:
    """A status of its own has its type; any other falls into the two classes."""
    kinds = {status: error_body(status, "x")["error"]["type"] for status in (400, 422, 429, 500, 502)}
    assert kinds == {
        400: "invalid_request_error",
        422: "invalid_request_error",
        429: "requests",
        500: "server_error",
        502: "server_error",
    }
