"""Headers on their way: what is kept, what belongs to one connection, what names a trial."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.chaos.gateway.headers import (
    HOP_BY_HOP,
    for_caller,
    for_upstream,
    named_trial,
    octets,
    text,
    without_framing,
)

NAMES = st.text("abcXYZ-", min_size=1, max_size=8).map(str.encode)
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=9)), max_size=9).map(tuple)


@settings(max_examples=60)
@given(HEADERS)
def test_everything_else_is_kept(raw: tuple[tuple[bytes, bytes], ...]) -> None:
    """Order, letters, repetitions and bytes, both ways; as text and back, too."""
    kept = [pair for pair in raw if pair[0].lower() not in HOP_BY_HOP]
    assert for_upstream(raw) == kept
    assert for_caller(raw) == kept
    assert [(name.encode("utf-8", "surrogateescape"), value) for name, value in text(raw)] == [
        (name, value.decode("utf-8", "surrogateescape")) for name, value in raw
    ]


def test_for_upstream() -> None:
    """Hop-by-hop headers and the host go; an encoding is replaced in its place; lengths where told."""
    raw = (
        (b"Host", b"x"),
        (b"Connection", b"close, X-Mine"),
        (b"x-mine", b"1"),
        (b"Accept-Encoding", b"br"),
        (b"Content-Length", b"7"),
        (b"TE", b"gzip"),
        (b"Upgrade", b"h2c"),
        (b"A", b"b"),
    )
    assert for_upstream(raw) == [(b"Accept-Encoding", b"br"), (b"Content-Length", b"7"), (b"A", b"b")]
    assert for_upstream(raw, coding="gzip", resized=True) == [(b"Accept-Encoding", b"gzip"), (b"A", b"b")]


def test_trailers_are_asked_for() -> None:
    """Whoever takes trailers says so to the upstream, and that the header is for this connection."""
    raw = ((b"te", b" Trailers "), (b"Connection", b"te"))
    assert for_upstream(raw) == [(b"te", b" Trailers "), (b"Connection", b"TE")]


def test_for_caller() -> None:
    """A chunked body stays chunked, in the header's place; other transfer codings are the upstream's."""
    raw = (
        (b"A", b"1"),
        (b"transfer-Encoding", b"chunked"),
        (b"Connection", b"b"),
        (b"B", b"2"),
        (b"C", b"3"),
    )
    assert for_caller(raw) == [(b"A", b"1"), (b"transfer-Encoding", b"chunked"), (b"C", b"3")]
    assert for_caller(((b"Transfer-Encoding", b"gzip"),)) == []
    assert without_framing(for_caller(raw)) == [(b"A", b"1"), (b"C", b"3")]


def test_made_up_headers() -> None:
    """A line break begins no other header; any text has bytes."""
    assert octets([("A\r\nB", "1\n2\0"), ("c", "☂\ud800")]) == ((b"A B", b"1 2"), (b"c", "☂?".encode()))


@pytest.mark.parametrize(
    ("headers", "trial"),
    [
        ({}, ""),
        ({"x-flakestorm-trial": " t1 "}, "t1"),
        ({"baggage": "a=b, flakestorm-trial=t2;p=1, c=d"}, "t2"),
        ({"baggage": "flakestorm-trials=t2"}, ""),
        ({"x-flakestorm-trial": "t1", "baggage": "flakestorm-trial=t2"}, "t1"),
    ],
)
def test_named_trial(headers: dict[str, str], trial: str) -> None:
    """The header of its own goes before baggage."""
    assert named_trial(headers) == trial
