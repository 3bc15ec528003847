"""Finding the reply in a JSON answer, by path and by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.agents.reply_path import NoReply, parse_path, reply_from_value, value_at


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("$.a.b[0]", ("a", "b", 0)),
        ("a.0.b", ("a", "0", "b")),
        ("$['a b']", ("a b",)),
        ('$["a"].c', ("a", "c")),
        (r"$['it\'s']", ("it's",)),
        ("$[0][-1]", (0, -1)),
        ("$.x-y.z_1", ("x-y", "z_1")),
        (" answer ", ("answer",)),
    ],
)
def test_path_parses(text: str, steps: tuple[str | int, ...]) -> None:
    """The three notations, quoted names and negative indices."""
    assert parse_path(text) == steps


@pytest.mark.parametrize("text", ["$..a", "$.*", "a[*]", "$[?(@.x)]", "a[1:2]", "a..b", "a[", "$.a."])
def test_path_is_refused(text: str) -> None:
    """What would need a query language is refused with what is accepted."""
    with pytest.raises(ValueError, match=r"Accepted: \$\.a\.b\[0\]"):
        parse_path(text)


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({"outptu": 1}, "$.output", "has no 'output', did you mean 'outptu'? (it has 'outptu')"),
        ({}, "a", "$ has no 'a' (it is empty)"),
        ({"a": [1, 2]}, "a.5", "$.a has 2 items, so there is no [5]"),
        ({"a": [1]}, "a.b", "$.a is a list, so 'b' must be an index"),
        ({"a": "x"}, "$.a.b", "$.a is a text, so it has no 'b'"),
        ({"a": None}, "$.a.b", "$.a is null, so it has no 'b'"),
        ({"a": None}, "$.a", "leads to null"),
        ({str(n): n for n in range(20)}, "zz", "'9', …)"),
    ],
)
def test_missing_step_is_named(value: Any, path: str, message: str) -> None:
    """The message says where the path leaves the answer, and what is there instead."""
    with pytest.raises(NoReply) as caught:
        reply_from_value(value, path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "path", "reply"),
    [
        ({"a": {"b": ["x", "y"]}}, "$.a.b[-1]", "y"),
        ({"0": "zero"}, "$[0]", "zero"),
        ({"a": 4.5}, "a", "4.5"),
        ({"a": True}, "a", "true"),
        ({"a": {"ä": [1]}}, "a", '{"ä":[1]}'),
        ("text", "$", "text"),
    ],
)
def test_value_at_path_becomes_text(value: Any, path: str, reply: str) -> None:
    """Texts as they are, everything else as compact JSON."""
    assert reply_from_value(value, path) == reply


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        ("plain", "plain"),
        ({"output": "a"}, "a"),
        ({"id": 7, "answer": "a"}, "a"),
        ({"result": None, "reply": "a"}, "a"),
        ({"data": {"response": {"text": "deep"}}}, "deep"),
        ({"data": {"id": 1}, "message": "a"}, "a"),
        ({"output": ""}, ""),
        ({"result": 42}, "42"),
        ({"result": True, "message": "done"}, "done"),
        ({"choices": [{"message": {"role": "assistant", "content": "chat"}}]}, "chat"),
        ({"choices": [{"message": {"content": None, "refusal": "no"}}]}, "no"),
        ({"choices": [{"text": "old"}]}, "old"),
        (
            {
                "object": "response",
                "output": [
                    {"type": "reasoning", "summary": []},
                    {"type": "message", "content": [{"type": "output_text", "text": "resp"}]},
                ],
            },
            "resp",
        ),
        (
            {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            "ab",
        ),
        (
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "gem"}, {"text": "ini"}]}}]},
            "gemini",
        ),
        ({"model": "llama", "message": {"role": "assistant", "content": "olla"}, "done": True}, "olla"),
        ([{"generated_text": "hf"}], "hf"),
        (
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "last"}]},
            "last",
        ),
        ({"messages": [{"type": "human", "content": "q"}, {"type": "ai", "content": "lc"}]}, "lc"),
        ({"status": "ok", "n": [1, 2]}, '{"status":"ok","n":[1,2]}'),
        ([1, "a"], '[1,"a"]'),
        ([], "[]"),
        (12, "12"),
    ],
)
def test_reply_is_found(value: Any, reply: str) -> None:
    """The usual fields and the usual APIs; the whole answer where nothing looks like a reply."""
    assert reply_from_value(value) == reply


def test_null_is_no_reply() -> None:
    """A null answer is an error of the agent and not the text "null"."""
    with pytest.raises(NoReply, match="the answer is null"):
        reply_from_value(None)


def test_deep_answer_does_not_overflow() -> None:
    """Nesting is followed to a limit, and then the answer is shown whole or refused."""
    value: Any = "bottom"
    for _ in range(50):
        value = {"data": value}
    assert reply_from_value(value).startswith('{"data":{"data":')
    for _ in range(100_000):
        value = {"data": value}
    with pytest.raises(NoReply, match="cannot be written as JSON"):
        reply_from_value(value)
    while isinstance(value, dict):  # taken apart by hand: freeing it in one go would recurse
        value = value["data"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["output", "data", "choices", "x", "role", "text"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(JSON_VALUES)
def test_any_answer_gives_text_or_no_reply(value: Any) -> None:
    """No answer, however odd, makes the search raise anything else."""
    try:
        assert isinstance(reply_from_value(value), str)
    except NoReply:
        assert value is None


@settings(max_examples=100)
@given(st.lists(st.text(min_size=1, max_size=6) | st.integers(0, 2), max_size=5), st.integers())
def test_quoted_path_reaches_any_name(steps: list[str | int], leaf: int) -> None:
    """Whatever the names are, a quoted path leads to the value."""
    value: Any = leaf
    for step in reversed(steps):
        value = {step: value} if isinstance(step, str) else [value] * 3
    quoted = "$" + "".join(
        f"[{step}]" if isinstance(step, int) else "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"
        for step in steps
    )
    assert value_at(value, quoted) == leaf
