"""The parser reads valid answers whatever pieces they come in, and never fails on anything else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.agents.wire.answer import BODY_LIMIT, AnswerParser

ANSWERS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n1\r\n!\r\n0\r\n\r\n", 200, "hi!"),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, ""),
    (b"HTTP/1.0 404 Not Found\ncontent-length: 3\n\nabc", 404, "abc"),
    (b"HTTP/1.1 304\r\n\r\n", 304, ""),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, ""),
    (b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n", 411, ""),
]

WORDS = [
    b"HTTP/1.1 ",
    b"200 OK",
    b"\r\n",
    b"Content-Length: ",
    b"5",
    b"\n\n",
    b"0\r\n",
    b"chunked",
    b"Transfer-Encoding: ",
]


@pytest.mark.parametrize(("data", "status", "body"), ANSWERS)
@settings(deadline=None)
@given(cuts=st.sets(st.integers(1, 100)))
def test_pieces_do_not_matter(data: bytes, status: int, body: str, cuts: set[int]) -> None:
    """Answers that tell their length are complete at their end; the last empty line is not waited for."""
    parser = AnswerParser()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(places):
        assert not parser.complete or end >= len(data) - 2
        parser.feed(data[start:end])
    assert (parser.status, parser.body, parser.complete, parser.done) == (status, body, True, True)


def test_a_body_until_the_end_of_the_connection() -> None:
    """Without a length the answer ends with the connection."""
    parser = AnswerParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nX: a\r\nx: b\r\n\r\nall of it")
    assert not parser.done
    parser.end()
    assert parser.complete
    assert parser.body == "all of it"
    assert parser.headers == (("X", "a"), ("x", "b"))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX",
    ],
)
def test_a_broken_off_answer_is_not_complete(data: bytes) -> None:
    """It has begun, and it ended too early."""
    parser = AnswerParser()
    parser.feed(data)
    parser.end()
    assert parser.started
    assert parser.done
    assert not parser.complete


@pytest.mark.parametrize(
    "data", [b"<html>no status line", b"HTTX/1.1 200", b"HTTP/1.1 OK\r\n\r\n", b"\0\xff"]
)
def test_what_is_not_http(data: bytes) -> None:
    """It is kept as an excerpt, and called what it is."""
    parser = AnswerParser()
    parser.feed(data)
    parser.feed(b" and more")
    parser.end()
    assert parser.not_http
    assert parser.status is None
    assert parser.body == (data + b" and more").decode("utf-8", "replace")


def test_an_endless_head_is_not_http() -> None:
    """64 KB are enough."""
    parser = AnswerParser()
    parser.feed(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000)
    assert parser.not_http


def test_an_answer_to_head_has_no_body() -> None:
    """Whatever length it tells."""
    parser = AnswerParser(head_only=True)
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    assert parser.complete


def test_a_long_body_is_enough_at_the_limit() -> None:
    """The rest is not read, and the answer counts as complete."""
    parser = AnswerParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")
    parser.feed(b"x" * (BODY_LIMIT + 5))
    assert parser.complete
    assert len(parser.body) == BODY_LIMIT


def test_nothing_at_all() -> None:
    """The end without a byte is neither an answer nor anything else."""
    parser = AnswerParser()
    parser.end()
    assert (parser.started, parser.not_http, parser.complete) == (False, False, False)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
def test_any_bytes_will_do(pieces: list[bytes]) -> None:
    """No input makes the parser raise."""
    parser = AnswerParser()
    for piece in pieces:
        parser.feed(piece)
    parser.end()
    assert parser.done


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_any_mixture_will_do(pieces: list[bytes]) -> None:
    """Nor does one of its own words in the wrong order."""
    parser = AnswerParser()
    for piece in pieces:
        parser.feed(piece)
    parser.end()
    assert parser.done
