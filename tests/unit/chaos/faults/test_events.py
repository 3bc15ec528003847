"""Streamed bodies cut into events: any chunking gives the same, and together they are the body again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.chaos.faults.stream.events import Event, Events

NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])
VALUES = st.dictionaries(
    st.text(max_size=5), st.text(max_size=12) | st.integers() | st.lists(st.text(max_size=3))
)
OBJECTS = st.lists(VALUES, min_size=1, max_size=5)


def cut(body: bytes, cuts: list[int]) -> tuple[list[Event], bytes]:
    """The events of a body that arrives in pieces, and what is left."""
    events = Events()
    places = sorted({place % (len(body) + 1) for place in cuts})
    found: list[Event] = []
    for start, end in zip([0, *places], [*places, len(body)], strict=True):
        found.extend(events.feed(body[start:end]))
    return found, events.rest()


CUTS = st.lists(st.integers(0, 10_000), max_size=25)


@given(OBJECTS, NEWLINES, CUTS, st.booleans())
@settings(max_examples=60)
def test_server_sent_events(
    objects: list[dict[str, object]], newline: str, cuts: list[int], named: bool
) -> None:
    """With every kind of line end, and names or none."""
    name = f"event: x{newline}" if named else ""
    body = "".join(f"{name}data: {json.dumps(value)}{newline * 2}" for value in objects).encode()
    found, rest = cut(body, cuts)
    assert b"".join(event.raw for event in found) + rest == body
    said = [event.data for event in found]
    if newline == "\r" and len(said) < len(objects):
        # The last carriage return may be the first half of a line end, so its event waits for more.
        said.append(rest.strip().rpartition(b"data: ")[2])
    assert [json.loads(data) for data in said] == objects


@given(OBJECTS, st.sampled_from(["\n", "\r\n"]), CUTS)
@settings(max_examples=40)
def test_lines(objects: list[dict[str, object]], newline: str, cuts: list[int]) -> None:
    """One JSON object a line."""
    body = "".join(json.dumps(value) + newline for value in objects).encode()
    found, rest = cut(body, cuts)
    assert b"".join(event.raw for event in found) + rest == body
    assert [json.loads(event.data) for event in found] == objects
    assert {event.form for event in found} == {"lines"}


@given(OBJECTS, st.sampled_from([",", ",\r\n", "\n, "]), CUTS, st.sampled_from([None, 1]))
@settings(max_examples=40)
def test_list(objects: list[dict[str, object]], comma: str, cuts: list[int], indent: int | None) -> None:
    """The elements of one JSON list, whatever strings are in them."""
    body = ("[" + comma.join(json.dumps(value, indent=indent) for value in objects) + "\n]").encode()
    found, rest = cut(body, cuts)
    assert b"".join(event.raw for event in found) + rest == body
    assert [json.loads(event.data) for event in found] == objects
    assert rest == b"\n]"


@given(st.binary(max_size=60), CUTS)
@settings(max_examples=40)
def test_any_bytes(body: bytes, cuts: list[int]) -> None:
    """Nothing is lost or added, and the cuts of the network change nothing."""
    found, rest = cut(body, cuts)
    assert b"".join(event.raw for event in found) + rest == body
    whole, left = cut(body, [])
    assert [event.raw for event in whole] == [event.raw for event in found]
    assert left == rest


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"data: one\ndata: two\n\n", b"one\ntwo"),
        (b": comment\n\n", b""),
        (b"data:tight\n\n", b"tight"),
        (b"event: ping\nid: 7\ndata: {}\nretry: 5\n\n", b"{}"),
    ],
)
def test_payload(body: bytes, data: bytes) -> None:
    """What the lines of an event say together."""
    (event,) = Events().feed(body)
    assert event.data == data


@pytest.mark.parametrize(
    ("body", "made"),
    [
        (b"event: a\ndata: 1\ndata: 2\nid: 3\n\n", b"event: a\ndata: NEW\nid: 3\n\n"),
        (b"data:1\r\n\r\n", b"data: NEW\r\n\r\n"),
        (b": only a comment\n\n", b": only a comment\n\n"),
        (b'{"a": 1}\r\n', b"NEW\r\n"),
        (b'[ {"a": 1}', b"[ NEW"),
    ],
)
def test_other_data(body: bytes, made: bytes) -> None:
    """Another payload leaves the rest of the event as it is."""
    (event,) = Events().feed(body)
    assert event.with_data(b"NEW") == made


def test_unfinished() -> None:
    """What is no event yet is the rest; a whole error answer is no event at all."""
    events = Events()
    assert list(events.feed(b'{"error": "no"}')) == []
    assert events.rest() == b'{"error": "no"}'
    assert events.rest() == b""
    assert list(Events().feed(b" ")) == []
