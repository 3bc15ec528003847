"""Answers are read the same however their bytes are cut, and a connection is kept only when that is safe."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.agents.http_answer import HEAD_BYTES, WAITING_BYTES, Answer
from flakestorm.agents.transport_errors import ConnectionLost, NotHttp

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; Charset=UTF-8\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-Trailer: t\r\n\r\n"
)
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + WHOLE
PACKED = gzip.compress(b"hello", mtime=0)
ZIPPED = (
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + str(len(PACKED)).encode() + b"\r\n\r\n"
) + PACKED
UNTIL_THE_END = b"HTTP/1.0 200 OK\r\n\r\nhello"


class Wire:
    """A connection that remembers what was asked of it."""

    def __init__(self) -> None:
        self.kept: bool | None = None
        self.flow: list[str] = []

    def pause(self) -> None:
        """Note it."""
        self.flow.append("pause")

    def resume(self) -> None:
        """Note it."""
        self.flow.append("resume")

    def done(self, *, keep: bool) -> None:
        """Note it."""
        self.kept = keep


async def read_all(answer: Answer) -> bytes:
    """Head and body."""
    await answer.head()
    pieces = []
    while piece := await answer.read():
        pieces.append(piece)
    answer.close()
    return b"".join(pieces)


def received(
    pieces: list[bytes], hang_up: bool = False, is_bodiless: bool = False
) -> tuple[Answer, Wire, bytes]:
    """What comes of ``pieces``: the answer, its connection, and the body."""

    async def run() -> tuple[Answer, Wire, bytes]:
        wire = Wire()
        answer = Answer(wire, is_bodiless)
        reading = asyncio.ensure_future(read_all(answer))
        for piece in pieces:
            await asyncio.sleep(0)
            answer.feed(piece)
        if hang_up:
            answer.ended(None)
        return answer, wire, await reading

    return asyncio.run(run())


@pytest.mark.parametrize(
    "data",
    [WHOLE, CHUNKED, INTERIM, ZIPPED, UNTIL_THE_END],
    ids=["whole", "chunked", "interim", "zipped", "until the end"],
)
@given(cuts=st.lists(st.integers(1, 60), max_size=12))
def test_cuts_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """The same body from one piece and from many; only a body with an end of its own leaves a connection."""
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(data[at : at + cut])
        at += cut
    is_framed = data is not UNTIL_THE_END
    answer, wire, body = received([piece for piece in (*pieces, data[at:]) if piece], hang_up=not is_framed)
    assert (answer.status, body, wire.kept) == (200, b"hello", is_framed)
    assert "Link" not in answer.headers
    assert "X-Trailer" not in answer.headers


def test_what_the_head_says() -> None:
    """Media type and charset in lower case, whatever the parameters; nonsense is survived."""
    answer, _, _ = received([WHOLE])
    assert (answer.content_type, answer.charset) == ("text/plain", "utf-8")
    bare, _, _ = received([b"HTTP/1.1 204 No Content\r\nContent-Type: ;;=\r\n\r\n"])
    assert bare.charset is None


@pytest.mark.parametrize(
    "data",
    [
        WHOLE + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine",
        WHOLE.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
    ],
    ids=["a second answer", "closing"],
)
def test_what_is_not_safe_is_not_kept(data: bytes) -> None:
    """A second answer would be taken for that of the next request."""
    _, wire, body = received([data])
    assert (body, wire.kept) == (b"hello", False)


def test_an_unread_rest_is_not_kept() -> None:
    """It would still be there when the next answer comes."""

    async def run() -> bool | None:
        wire = Wire()
        answer = Answer(wire)
        answer.feed(WHOLE)
        await answer.head()
        answer.close()
        return wire.kept

    assert asyncio.run(run()) is False


def test_a_head_alone() -> None:
    """An answer to HEAD has no body, whatever length it tells."""
    answer, wire, body = received([WHOLE[:-5]], is_bodiless=True)
    assert (answer.status, body, wire.kept) == (200, b"", False)


def test_cookies() -> None:
    """Those that can be read."""
    data = WHOLE.replace(
        b"OK\r\n", b"OK\r\nSet-Cookie: sid=a1; Path=/\r\nSet-Cookie: \x0b=;;\r\nset-cookie: b=2\r\n"
    )
    assert received([data])[0].cookies == {"sid": "a1", "b": "2"}


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * HEAD_BYTES, b"\x00\x01"]
)
def test_what_is_no_http(data: bytes) -> None:
    """Strange bytes, and a head without an end."""
    with pytest.raises(NotHttp):
        received([data])


@pytest.mark.parametrize("data", [WHOLE[:-1], CHUNKED[:-9], WHOLE[:30]])
def test_a_cut_answer_is_no_answer(data: bytes) -> None:
    """The connection ended before the body did."""
    with pytest.raises(ConnectionLost):
        received([data], hang_up=True)


def test_a_flood_has_to_wait() -> None:
    """Much that nobody has read stops the socket; reading starts it again."""

    async def run() -> list[str]:
        wire = Wire()
        answer = Answer(wire)
        answer.feed(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (WAITING_BYTES + 1))
        await answer.head()
        assert wire.flow == ["pause"]
        assert len(await answer.read()) == WAITING_BYTES + 1
        return wire.flow

    assert asyncio.run(run()) == ["pause", "resume"]


def test_an_upgrade_is_an_answer() -> None:
    """Nobody asked for another protocol; the status says it all."""
    answer, wire, _ = received([b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"])
    assert (answer.status, wire.kept) == (101, False)
