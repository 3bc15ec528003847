"""What agent code may return, and what its reply is."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from flakestorm.agents.reply_path import NoReply
from flakestorm.agents.reply_value import TooLarge, as_plain, check_size, reply_text, size_of


class Reply(BaseModel):
    """A structured reply."""

    answer: str


@dataclass
class Said:
    """A reply as a dataclass."""

    text: str


@pytest.mark.parametrize(
    ("value", "reply"),
    [
        ("hello", "hello"),
        ("", ""),
        (b"caf\xc3\xa9", "café"),
        (bytearray(b"x"), "x"),
        ({"output": "o"}, "o"),
        ({"nothing": 1}, '{"nothing":1}'),
        ([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "a"),
        (("a", "b"), '["a","b"]'),
        (Reply(answer="model"), "model"),
        (Said("dataclass"), "dataclass"),
        (SimpleNamespace(content="message"), "message"),
        (SimpleNamespace(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab"),
        (42, "42"),
        (True, "True"),
    ],
)
def test_what_is_a_reply(value: Any, reply: str) -> None:
    """Texts, bytes, mappings, lists, models, messages and numbers all have one."""
    assert reply_text(value) == reply


def test_response_path_is_followed() -> None:
    """With a path, the reply is exactly what is there; a text is the reply as it is."""
    assert reply_text({"a": [Reply(answer="here")]}, "a.0.answer") == "here"
    assert reply_text("text", "a.b") == "text"
    with pytest.raises(NoReply, match="has no 'b'"):
        reply_text({"a": 1}, "b")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "returned None. Is a return missing?"),
        (object(), "returned object, which is not a reply"),
        (Reply, "returned ModelMetaclass"),
        (SimpleNamespace(content=print), "returned SimpleNamespace"),
        (b"a\xff", "bytes that are not UTF-8: invalid start byte at 1"),
        ("ok\ud800", r"half a surrogate pair \(U\+D800\) at 2"),
    ],
)
def test_what_is_no_reply(value: Any, message: str) -> None:
    """What cannot be a reply is refused with a line that says why."""
    with pytest.raises(NoReply, match=message):
        reply_text(value)


def test_endless_nesting_is_no_crash() -> None:
    """A list that contains itself is refused like any other value that JSON cannot hold."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NoReply):
        reply_text({"thing": endless}, "thing")


@settings(max_examples=60)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_plain_values_stay_as_they_are(value: Any) -> None:
    """What JSON knows already is not changed."""
    assert as_plain(value) == value


@given(st.text())
@settings(max_examples=60)
def test_size_is_that_of_utf8(text: str) -> None:
    """``size_of`` counts bytes, half surrogate pairs included."""
    assert size_of(text) == len(text.encode("utf-8", "surrogatepass"))


def test_size_limit() -> None:
    """The limit itself is allowed; one byte more is not."""
    check_size(10, 10)
    with pytest.raises(TooLarge, match=r"11 bytes or more; the limit is 10 \(agent\.max_reply_bytes\)"):
        check_size(11, 10)
