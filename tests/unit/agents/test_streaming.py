"""Stream framing: however the bytes are cut, the same events come out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.agents.streaming import Frames, JsonLines, ServerSentEvents, StreamEvent
from flakestorm.agents.transport_errors import AnswerFailed
from flakestorm.model.outcome import ErrorKind

SSE = (
    "\ufeff: comment\r\nevent: greet\r\ndata: a\r\ndata:b\r\nid: 7\r\nretry: 5\r\n\r\n"
    "data: ü𝒳\n\nevent: lonely\n\ndata\n\ndata:  two blanks\r\rdata: cut off"
).encode()
SSE_EVENTS = [
    StreamEvent("greet", "a\nb"),
    StreamEvent("", "ü𝒳"),
    StreamEvent("", ""),
    StreamEvent("", " two blanks"),
    StreamEvent("", "cut off"),
]
LINES = '{"a": 1}\r\n\r\n  \n{"b": "é"}\n{"c": 3}'.encode()
LINE_EVENTS = [StreamEvent("", '{"a": 1}'), StreamEvent("", '{"b": "é"}'), StreamEvent("", '{"c": 3}')]


def events(frames: Frames, data: bytes, cuts: list[int]) -> list[StreamEvent]:
    """What comes out when ``data`` arrives in pieces that end at ``cuts``."""
    found: list[StreamEvent] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        found += frames.feed(data[start:end])
    return found + list(frames.end())


@settings(max_examples=150)
@given(st.lists(st.integers(0, 500), max_size=12))
def test_sse_in_any_chunks(cuts: list[int]) -> None:
    """CR, LF, CR LF, comments, several data lines, a byte-order mark and an unfinished last event."""
    assert events(ServerSentEvents(), SSE, cuts) == SSE_EVENTS


@settings(max_examples=100)
@given(st.lists(st.integers(0, 500), max_size=12))
def test_json_lines_in_any_chunks(cuts: list[int]) -> None:
    """Blank lines mean nothing, and the last line needs no end."""
    assert events(JsonLines(), LINES, cuts) == LINE_EVENTS


def test_empty_stream_has_no_events() -> None:
    """Nothing in, nothing out."""
    assert events(ServerSentEvents(), b"", []) == []
    assert events(JsonLines(), b"\n\r", []) == []


@settings(max_examples=60)
@given(st.lists(st.integers(0, 500), max_size=6))
def test_wrong_byte_is_located(cuts: list[int]) -> None:
    """The offset is that of the whole stream, wherever the chunks end."""
    data = "data: é\n\n".encode() + b"data: \xff\n\n"
    with pytest.raises(AnswerFailed) as caught:
        events(ServerSentEvents(), data, cuts)
    assert caught.value.error.kind is ErrorKind.BAD_REPLY
    assert caught.value.error.message == "the stream is not UTF-8 (byte 16: invalid start byte)"


def test_character_cut_by_the_end() -> None:
    """A stream that ends inside a character is not UTF-8 either."""
    with pytest.raises(AnswerFailed, match=r"byte 6: unexpected end of data"):
        events(ServerSentEvents(), b"data: \xe2\x82", [7])


def test_one_huge_line_is_cheap() -> None:
    """Ten megabytes without a line end do not get searched again with each chunk."""
    frames = JsonLines()
    for _ in range(160):
        assert list(frames.feed(b"x" * 65536)) == []
    assert len(next(iter(frames.end())).data) == 160 * 65536
