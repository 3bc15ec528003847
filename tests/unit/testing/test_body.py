"""JSON on the wire: any text survives, and what is no request is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.testing.body import arguments_of, encoded, json_object, objects, text_of
from flakestorm.testing.refused import Refused


@settings(max_examples=100)
@given(st.text(st.characters()))
def test_any_text_survives(text: str) -> None:
    """Half a surrogate pair too, which has no UTF-8."""
    assert json.loads(encoded({"text": text})) == {"text": text}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_what_is_no_object(raw: bytes) -> None:
    """Is refused, however deep it goes."""
    with pytest.raises(Refused, match="must be a JSON object"):
        json_object(raw)


def test_contents() -> None:
    """Nothing, a text, or parts of which some count."""
    assert text_of(None, "x") == ""
    assert text_of("a", "x") == "a"
    assert text_of([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text"}], "x") == "a"
    with pytest.raises(Refused, match=r"x\.content"):
        text_of(7, "x.content")
    with pytest.raises(Refused, match="array of objects"):
        objects([1], "x")


@pytest.mark.parametrize("text", ["{", "[1]", "null", None, "[" * 100_000])
def test_arguments_that_are_no_object(text: str | None) -> None:
    """Count as none: the model wrote them."""
    assert arguments_of(text) == {}
