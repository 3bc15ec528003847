"""Values of tools become bytes and come back in their type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from flakestorm.chaos.inprocess.values import answer_of, made_up_value, value_of


@dataclass(frozen=True)
class Point:
    """Two numbers."""

    x: int
    y: int


class Model(BaseModel):
    """One number."""

    x: int


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(JSON | st.binary() | st.sets(st.integers()) | st.tuples(st.integers(), st.integers()))
def test_value_comes_back(value: Any) -> None:
    """What no fault has changed is equal, and of the same type."""
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        return
    back = value_of(answer_of(value).body, value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [Point(1, 2), Model(x=1), frozenset({1}), (1, "a")])
def test_objects_come_back(value: Any) -> None:
    """Dataclasses, models and collections have a JSON form."""
    back = value_of(answer_of(value).body, value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("body", "like", "expected"),
    [
        (b'{"x": 3, "y": 2}', Point(1, 2), Point(3, 2)),
        (b'{"z": 3}', Point(1, 2), {"z": 3}),
        (b'{"x": "no"}', Model(x=1), {"x": "no"}),
        (b'{"x": 5}', Model(x=1), Model(x=5)),
        (b'{"broken', {"a": 1}, '{"broken'),
        (b"[[]]", {1}, [[]]),
        (b"\xff", "text", "�"),
        (b"\xff", b"", b"\xff"),
        (b"[" * 100_000, {}, "[" * 100_000),
    ],
)
def test_changed_value_is_as_near_as_possible(body: bytes, like: object, expected: object) -> None:
    """The type where it fits, else the plain value, else the text."""
    assert value_of(body, like) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('{"a": 1}', "application/json"),
        ("17", "text/plain; charset=utf-8"),
        (b"\xff", "text/plain; charset=utf-8"),
        (b"[]", "application/json"),
        (object(), "text/plain; charset=utf-8"),
        ({"a": object()}, "text/plain; charset=utf-8"),
    ],
)
def test_content_type(value: object, kind: str) -> None:
    """Texts that are JSON say so; what has no JSON form is its text."""
    assert answer_of(value).headers == (("content-type", kind),)


def test_made_up_value() -> None:
    """Without a result to go by, JSON is a value and everything else a text."""
    assert made_up_value(b"[1]", is_text=False) == [1]
    assert made_up_value(b"[1]", is_text=True) == "[1]"
    assert made_up_value(b"oops", is_text=False) == "oops"
