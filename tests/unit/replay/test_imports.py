"""Exports of other tools as sessions: the forms that are known, and for another one the key that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.errors import FlakestormError
from flakestorm.model.redaction import Redactor
from flakestorm.replay import langfuse, openai_log, otel
from flakestorm.replay.conversation import Conversation
from flakestorm.replay.foreign import Foreign, UnknownShape
from flakestorm.replay.imported import Answered, Imported, file_stem
from flakestorm.replay.inputs import returned, talk_of

CALL = {"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}
OPENAI = [
    {"role": "system", "content": "Be kind."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "Where is it?"}, {"type": "image_url", "image_url": {}}],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": '{"arrives": "Friday"}'},
    {"role": "assistant", "content": "On Friday."},
]
ANTHROPIC = [
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "lookup", "input": {}}]},
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "c1",
                "is_error": True,
                "content": [{"type": "text", "text": "down"}],
            }
        ],
    },
]
LANGCHAIN = [
    {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "HumanMessage"],
        "kwargs": {"content": "Where is it?"},
    },
    {"type": "ai", "data": {"content": "", "tool_calls": [{"name": "lookup", "id": "c1", "args": {}}]}},
    {"type": "tool", "content": "text", "tool_call_id": "c1"},
]
GENAI = [
    {"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]},
    {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "lookup", "arguments": {}}]},
    {
        "role": "tool",
        "parts": [{"type": "tool_call_response", "id": "c1", "response": {"arrives": "Friday"}}],
    },
]


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        (OPENAI, Answered("lookup", {"arrives": "Friday"})),
        (ANTHROPIC, Answered("lookup", "down", 500)),
        (LANGCHAIN, Answered("lookup", "text")),
        (GENAI, Answered("lookup", {"arrives": "Friday"})),
    ],
)
def test_messages_of_all_kinds(messages: list[Any], answer: Answered) -> None:
    """The user's words, and the tool's answer under the name that only its call has."""
    talk = talk_of(Foreign({"messages": messages}, "x"))
    assert talk.question == "Where is it?"
    assert talk.answered == [answer]


@pytest.mark.parametrize(
    ("inputs", "question", "before"),
    [
        ("Hello?", "Hello?", 0),
        ({"question": "Hello?", "user_id": 3}, "Hello?", 0),
        ({"anything": "Hello?", "n": 3}, "Hello?", 0),
        ({"messages": [[{"type": "human", "content": "Hello?"}]]}, "Hello?", 0),
        ({"input": "Hello?", "chat_history": [{"role": "user", "content": "Hi"}]}, "Hello?", 1),
        ({"input": {"role": "user", "content": "Hello?"}}, "Hello?", 0),
        (["Hi", "Hello?"], "Hello?", 1),
        ({"args": ["Hello?"]}, "Hello?", 0),
    ],
)
def test_inputs_of_all_kinds(inputs: Any, question: str, before: int) -> None:
    """A text, messages, or a mapping with either."""
    talk = talk_of(Foreign(inputs, "x"))
    assert (talk.question, len(talk.before)) == (question, before)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (3, "x is 3; accepted: a text, messages"),
        ({"a": "1", "b": "2"}, r"x is a mapping \(a, b\)"),
        ([{"role": "user", "content": 3}], r"x\[0\].content is 3; accepted: a list"),
        (
            [{"role": "user", "content": [{"type": "hologram"}]}],
            r'type is "hologram"; accepted: a type of part',
        ),
        ([{"role": "user", "content": [{"type": "text"}]}], r"x\[0\].content\[0\].*the key text"),
        ([{"role": "tool", "content": "x"}], "a tool's answer with the key name"),
        ([{"role": "assistant", "content": "hi"}], "x is a list of 1"),
        ({}, "x is an empty mapping"),
    ],
)
def test_inputs_of_no_kind(inputs: Any, message: str) -> None:
    """The key that is not understood is named."""
    with pytest.raises(UnknownShape, match=message):
        talk_of(Foreign(inputs, "x"))


@pytest.mark.parametrize(
    ("outputs", "value"),
    [
        ({"output": '{"a": 1}'}, {"a": 1}),
        ({"output": {"type": "tool", "content": "text", "tool_call_id": "c"}}, "text"),
        ({"output": {"lc": 1, "kwargs": {"content": "[1]", "tool_call_id": "c"}}}, [1]),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ("{broken", "{broken"),
        (None, None),
    ],
)
def test_what_tools_returned(outputs: Any, value: Any) -> None:
    """Out of its envelopes."""
    assert returned(outputs) == value


def logs(*lines: Any) -> list[Imported]:
    """The sessions of an OpenAI log."""
    return list(openai_log.sessions_in(Foreign(line, f"log:{n}") for n, line in enumerate(lines, 1)))


def test_chat_logs() -> None:
    """Fine-tuning examples, requests, batch requests, and what went wrong."""
    found = logs(
        {"messages": OPENAI},
        {"request": {"body": {"messages": OPENAI}}, "id": "r1", "error": {"message": "boom"}},
        {"custom_id": "b", "body": {"input": "Hello?"}, "created": 17, "error": "bad"},
    )
    assert [session.id for session in found] == ["openai-1", "openai-r1", "openai-b"]
    assert found[0].answered == (Answered("lookup", {"arrives": "Friday"}),)
    assert (found[1].failed_with, found[2].failed_with) == ("boom", "bad")
    assert (found[2].input, found[2].captured_at) == ("Hello?", "17")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"mesages": []}, "log:1: there is no key 'messages', did you mean 'mesages'"),
        ([], "log:1 is a list of 0; accepted: a mapping"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages of which one is the user's"),
    ],
)
def test_no_chat_log(line: Any, message: str) -> None:
    """The line and the key are named."""
    with pytest.raises(UnknownShape, match=message):
        logs(line)


def attributes(**values: Any) -> list[dict[str, Any]]:
    """OTLP attributes; dots are written as two underscores."""
    return [{"key": k.replace("__", "."), "value": any_value(v)} for k, v in values.items()]


def any_value(value: Any) -> dict[str, Any]:
    """OTLP's form of a value."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": k, "value": any_value(v)} for k, v in value.items()]}}
    return {"stringValue": value}


def span(name: str, start: int, end: int, trace: str = "t1", **more: Any) -> dict[str, Any]:
    """A span from ``start`` to ``end`` milliseconds."""
    times = {"startTimeUnixNano": str(start * 10**6), "endTimeUnixNano": str(end * 10**6)}
    return {"traceId": trace, "spanId": name, "name": name, **times, **more}


def exported(*spans: Any) -> Foreign:
    """An OTLP export."""
    return Foreign({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}, "spans")


def test_genai_spans() -> None:
    """Messages as text or as values, tools with results and failures, one session for each trace."""
    said = json.dumps(GENAI[:1])
    first = exported(
        span("invoke_agent", 0, 900, attributes=attributes(gen_ai__operation__name="invoke_agent")),
        span(
            "chat",
            10,
            100,
            attributes=attributes(gen_ai__operation__name="chat", gen_ai__input__messages=said),
        ),
        span(
            "execute_tool lookup",
            200,
            250,
            attributes=attributes(
                gen_ai__operation__name="execute_tool", gen_ai__tool__call__result='{"arrives": "Friday"}'
            ),
        ),
        span(
            "execute_tool",
            300,
            400,
            attributes=attributes(gen_ai__tool__name="refund"),
            status={"code": 2, "message": "HTTP 503"},
        ),
    )
    second = exported(
        span(
            "chat",
            0,
            1,
            "t2",
            attributes=attributes(gen_ai__operation__name="chat", gen_ai__input__messages=GENAI),
        ),
        span("GET /", 0, 1, "t3", attributes=attributes(http__status=200, ok=True)),
        span(
            "old",
            5,
            6,
            "t4",
            events=[{"name": "gen_ai.user.message", "attributes": attributes(content="Hi?")}],
        ),
        span("older", 5, 6, "t5", attributes=attributes(input__value="Hi there?")),
    )
    found = list(otel.sessions_in([first, second]))
    assert [(s.id, s.input) for s in found] == [
        ("otel-t1", "Where is it?"),
        ("otel-t2", "Where is it?"),
        ("otel-t4", "Hi?"),
        ("otel-t5", "Hi there?"),
    ]
    assert found[0].answered == (
        Answered("lookup", {"arrives": "Friday"}, None, 50.0),
        Answered("refund", "HTTP 503", 500, 100.0),
    )
    assert found[0].failed_with == "HTTP 503"
    assert found[0].captured_at == "1970-01-01T00:00:00+00:00"
    assert found[1].answered == (Answered("lookup", {"arrives": "Friday"}),)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"spans": []}, "spans: there is no key 'resourceSpans'"),
        (
            {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x"}]}]}]},
            r"spans\[0\]: there is no key 'traceId'",
        ),
        (
            {"resourceSpans": [{"scopeSpans": [{"spans": [span("x", 0, 1, startTimeUnixNano="soon")]}]}]},
            r'startTimeUnixNano is "soon"; accepted: a number',
        ),
        (
            {
                "resourceSpans": [
                    {
                        "scopeSpans": [
                            {"spans": [span("x", 0, 1, attributes=[{"key": "a", "value": {"odd": 1}}])]}
                        ]
                    }
                ]
            },
            r"attributes\[0\].value.odd is 1; accepted: stringValue",
        ),
    ],
)
def test_other_spans(document: Any, message: str) -> None:
    """The span and the key are named."""
    with pytest.raises(UnknownShape, match=message):
        list(otel.sessions_in([Foreign(document, "spans")]))


TRACE = {"id": "t", "input": {"messages": OPENAI[:2]}, "observations": []}


def test_langfuse_exports() -> None:
    """One trace, a list, a page, and what the user interface writes."""
    tool = {"type": "SPAN", "name": "tool: lookup", "output": "x", "startTime": "2026-11-01T12:00:00Z"}
    pages = (
        TRACE,
        [TRACE],
        {"data": [TRACE]},
        {"trace": {**TRACE, "observations": None}, "observations": [tool]},
    )
    for page in pages:
        (session,) = langfuse.sessions_in([Foreign(page, "f")])
        assert (session.id, session.input) == ("langfuse-t", "Where is it?")
    assert session.answered == (Answered("lookup", "x"),)
    later = {"id": "t", "observations": [{"type": "GENERATION", "input": "Hello?"}]}
    assert next(langfuse.sessions_in([Foreign(later, "f")])).input == "Hello?"


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        ({"input": "x"}, "f: there is no key 'id'"),
        ({"id": "t"}, "a trace whose input"),
        ({"id": "t", "input": "x", "observations": ["o1"]}, "not only its id; export the whole trace"),
        ({"id": "t", "input": "x", "observations": [{"name": "n"}]}, "there is no key 'type'"),
        (
            {"id": "t", "input": "x", "observations": [{"type": "TOOL", "name": "n", "startTime": "noon"}]},
            'startTime is "noon"; accepted: a time',
        ),
    ],
)
def test_other_traces(trace: Any, message: str) -> None:
    """The key is named."""
    with pytest.raises(UnknownShape, match=message):
        list(langfuse.sessions_in([Foreign(trace, "f")]))


def test_nothing_secret_is_kept() -> None:
    """Keys in every place of a session are blotted out, and halves of characters replaced."""
    key = "sk-proj-abcdefghijklmnopqrstuvwx"
    session = Imported(
        id=key,
        input=f"use {key} \ud83d",
        source="s",
        name=key,
        captured_at=key,
        context=({"role": "user", "content": key},),
        answered=(Answered(key, {key: [key, {"a": f"my-own-{key}"}], "n": 1.5, "x": {1, 2}}),),
        failed_with=key,
    )
    written = json.dumps(session.to_dict(Redactor(["my-own"])), ensure_ascii=False)
    assert "abcdefgh" not in written
    assert "my-own" not in written
    assert "\ud83d" not in written


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "role",
                        "content",
                        "type",
                        "messages",
                        "input",
                        "tool_calls",
                        "id",
                        "name",
                        "lc",
                        "kwargs",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_comes_is_understood_or_refused(value: Any) -> None:
    """No form leads to anything else than a session or a message."""
    for reader in (openai_log.sessions_in, langfuse.sessions_in, otel.sessions_in):
        try:
            for session in reader(iter([Foreign(value, "x")])):
                assert session.input
        except FlakestormError:
            continue


@given(st.text(max_size=200))
def test_file_names(id_: str) -> None:
    """Any id makes a name of a file in the folder itself."""
    stem = file_stem(id_)
    assert Path(stem).name == stem
    assert 0 < len(stem) <= 80
    assert not stem.startswith(".")


def test_a_conversation_without_anybody() -> None:
    """Nothing was said, and nothing before that."""
    assert (Conversation().question, Conversation().before) == ("", [])
