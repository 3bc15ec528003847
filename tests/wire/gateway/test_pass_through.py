"""What passes through untouched: every byte that HTTP lets through, as soon as it is there."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest


async def test_headers_keep_their_order_case_and_repetitions(setting: Any) -> None:
    """Both ways; only what belongs to one connection is left out."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(
            b"HTTP/1.1 207 Fine So Far\r\nX-b: 1\r\nx-A: 2\r\nSET-cookie: a=1\r\nset-Cookie: b=2\r\n"
            b"Connection: keep-alive, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
            b"Content-Length: 3\r\nx-cafe: \xe9\r\n\r\nabc"
        )

    made = await setting(script)
    answer = await made.ask(
        b"PATCH /openai/files/%2e%2E//a?q=%20+&q=2 HTTP/1.1\r\n"
        b"host: x\r\nX-Two: 1\r\nuser-AGENT: u\r\nx-two: 2\r\n"
        b"Content-Length: 2\r\ncontent-TYPE: text/x\r\nX-Bad: 1\r\nConnection: close, X-BAD\r\n\r\nhi"
    )
    assert answer == (
        b"HTTP/1.1 207 Fine So Far\r\nX-b: 1\r\nx-A: 2\r\nSET-cookie: a=1\r\nset-Cookie: b=2\r\n"
        b"Content-Length: 3\r\nx-cafe: \xe9\r\nConnection: close\r\n\r\nabc"
    )
    sent = made.upstream.seen[0]
    assert sent.head.split(b"\r\n") == [
        b"PATCH /v1/files/%2e%2E//a?q=%20+&q=2 HTTP/1.1",
        b"Host: 127.0.0.1:%d" % made.upstream.port,
        b"X-Two: 1",
        b"user-AGENT: u",
        b"x-two: 2",
        b"Content-Length: 2",
        b"content-TYPE: text/x",
        # PATCH has a connection of its own, because it must not be sent twice.
        b"Connection: close",
    ]
    assert sent.body == b"hi"
    (call,) = made.traffic.calls()
    assert (call.kind, call.name, call.status, call.received) == ("http", "127.0.0.1", 207, "abc")


async def test_compressed_bodies_stay_compressed(setting: Any, post: Any) -> None:
    """The caller gets the very bytes; the evidence is text all the same."""
    body = gzip.compress(b'{"answer": "forty-two", "usage": {"total_tokens": 42}}', mtime=0)

    async def script(exchanged: Any) -> None:
        assert exchanged.headers("accept-encoding") == ["br, gzip"]
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        await exchanged.write(head + body)

    made = await setting(script)
    answer = await made.ask(post(extra=b"Accept-Encoding: br, gzip\r\n"))
    assert answer.endswith(b"\r\n\r\n" + body)
    assert b"Content-Encoding: gzip\r\n" in answer
    (call,) = made.traffic.calls()
    assert (call.kind, call.name, call.tokens) == ("llm", "m", 42)
    assert call.received.startswith('{"answer"')


@pytest.mark.parametrize("whole", [True, False], ids=["in one write", "in two"])
async def test_chunks_and_trailers(setting: Any, post: Any, whole: bool) -> None:
    """A chunked body stays chunked, and its trailers come after it."""
    first = (
        b"HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nY: 2\r\n\r\n3\r\nabc\r\n"
    )
    last = b"4;ext=1\r\ndefg\r\n0\r\nX-Sum: 7\r\nx-more: a:b\r\n\r\n"

    async def script(exchanged: Any) -> None:
        assert exchanged.headers("te") == ["trailers"]
        if whole:
            await exchanged.write(first + last)
            return
        await exchanged.write(first)
        await asyncio.sleep(0.02)
        await exchanged.write(last)

    made = await setting(script)
    answer = await made.ask(post(extra=b"TE: trailers\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head == (
        b"HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nY: 2\r\n"
        b"Connection: close"
    )
    assert body == (b"7\r\nabcdefg\r\n" if whole else b"3\r\nabc\r\n4\r\ndefg\r\n") + (
        b"0\r\nX-Sum: 7\r\nx-more: a:b\r\n\r\n"
    )


async def test_a_piece_arrives_before_the_next_one_is_made(setting: Any, post: Any) -> None:
    """Streams are not collected: the upstream goes on only when the caller has got the piece before."""
    go_on = asyncio.Event()

    async def script(exchanged: Any) -> None:
        await exchanged.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(3):
            await go_on.wait()
            go_on.clear()
            await exchanged.write(b"9\r\ndata: %d\n\n\r\n" % number)
        await exchanged.write(b"0\r\n\r\n")

    made = await setting(script)
    caller = await made.connect()
    await caller.send(post(close=False))
    head = await caller.until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    for number in range(3):
        go_on.set()
        assert await caller.until(b"\n\n\r\n") == b"9\r\ndata: %d\n\n\r\n" % number
    assert await caller.until(b"0\r\n\r\n") == b"0\r\n\r\n"
    # The connection is kept for the next call.
    await caller.send(post())
    go_on.set()
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    caller.writer.close()


async def test_other_bodies(setting: Any) -> None:
    """HEAD, 204, a body up to the end of the connection, HTTP/1.0 callers, redirects."""
    answers = {
        "/v1/head": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "/v1/none": b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n",
        "/v1/open": b"HTTP/1.1 200 OK\r\n\r\nup to the end",
        "/v1/moved": b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    }

    async def script(exchanged: Any) -> None:
        await exchanged.write(answers[exchanged.target])
        exchanged.writer.close()

    made = await setting(script)
    end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert await made.ask(b"HEAD /openai/head" + end) == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
    )
    assert await made.ask(b"GET /openai/none" + end) == (
        b"HTTP/1.1 204 No Content\r\nX: 1\r\nConnection: close\r\n\r\n"
    )
    assert await made.ask(b"GET /openai/open" + end) == (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"d\r\nup to the end\r\n0\r\n\r\n"
    )
    assert await made.ask(b"GET /openai/open HTTP/1.0\r\n\r\n") == (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nup to the end"
    )
    assert (await made.ask(b"GET /openai/moved" + end)).startswith(
        b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere"
    )
    kept = await made.connect()
    await kept.send(b"GET /openai/moved HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"Connection: keep-alive\r\n" in await kept.until(b"\r\n\r\n")
    kept.writer.close()


async def test_request_bodies(setting: Any, post: Any) -> None:
    """A chunked body, a compressed one, one after ``100 Continue``, and a large one arrive as they were."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    made = await setting(script, limit=1 << 22)
    head = b"POST /openai/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    await made.ask(head + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    packed = gzip.compress(b"0" * 100)
    await made.ask(post("/openai/files", packed, b"Content-Encoding: gzip\r\n"))
    large = b"x" * (3 << 20)
    assert (await made.ask(post("/openai/files", large))).endswith(b"ok")
    caller = await made.connect()
    await caller.send(head + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert await caller.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await caller.send(b"abc")
    assert (await caller.rest()).endswith(b"ok")
    caller.writer.close()
    assert [seen.body for seen in made.upstream.seen] == [b"abcde", packed, large, b"abc"]
    assert made.upstream.seen[1].headers("content-encoding") == ["gzip"]
    assert made.upstream.seen[3].headers("expect") == []


async def test_many_streams_at_once(setting: Any, post: Any) -> None:
    """Three hundred streams are open together; each caller gets its own chunks, all of them, in order."""
    streams, chunks = 300, 20
    everybody = asyncio.Event()
    made: Any = None

    async def script(exchanged: Any) -> None:
        name = exchanged.headers("x-name")[0].encode()
        await exchanged.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        if len(made.upstream.seen) == streams:
            everybody.set()
        await everybody.wait()
        for number in range(chunks):
            event = b"data: %b-%d\n\n" % (name, number)
            await exchanged.write(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.sleep(0)
        await exchanged.write(b"0\r\n\r\n")

    made = await setting(script)

    async def one(name: bytes) -> bytes:
        answer: bytes = await made.ask(post(extra=b"X-Name: %b\r\n" % name))
        return answer.partition(b"\r\n\r\n")[2]

    bodies = await asyncio.gather(*(one(b"s%d" % number) for number in range(streams)))
    for number, body in enumerate(bodies):
        lines = [line for line in body.split(b"\n") if b"data:" in line]
        assert lines == [b"data: s%d-%d" % (number, chunk) for chunk in range(chunks)]
    assert made.traffic.seen == streams
    assert made.gateway.figures()["open"] == 0


async def test_a_caller_that_leaves_ends_the_upstreams_work(setting: Any, post: Any) -> None:
    """The upstream's connection is closed, and the call is closed as left."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1\r\na\r\n"
        )
        await exchanged.left.wait()

    made = await setting(script)
    caller = await made.connect()
    await caller.send(post())
    await caller.until(b"1\r\na\r\n")
    caller.writer.transport.abort()
    await asyncio.wait_for(made.upstream.seen[0].left.wait(), 10)
    (call,) = await made.closed_calls()
    assert (call.ended, call.status, call.received) == ("left", 200, "a")


async def test_a_caller_that_has_everything_has_not_left(setting: Any, post: Any) -> None:
    """SDKs close a stream at its terminator, before the body ends."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"e\r\ndata: [DONE]\n\n\r\n"
        )
        await exchanged.left.wait()

    made = await setting(script)
    caller = await made.connect()
    await caller.send(post())
    await caller.until(b"[DONE]\n\n\r\n")
    caller.writer.close()
    (call,) = await made.closed_calls()
    assert (call.ended, call.status) == ("", 200)


async def test_an_upstream_that_breaks_off(setting: Any, post: Any) -> None:
    """The caller's connection breaks at the same place."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
        exchanged.writer.close()

    made = await setting(script)
    caller = await made.connect()
    await caller.send(post())
    assert (await caller.until(b"half of it")).startswith(b"HTTP/1.1 200 OK")
    with pytest.raises(ConnectionResetError):
        await caller.rest()
    (call,) = await made.closed_calls()
    assert (call.ended, call.received) == ("cut", "half of it")


async def test_a_slow_caller_slows_the_upstream(setting: Any, post: Any) -> None:
    """What is not taken is not fetched: the gateway holds little of a large answer."""
    pieces, size = 400, 1 << 16
    sent = 0

    async def script(exchanged: Any) -> None:
        nonlocal sent
        await exchanged.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (pieces * size))
        for _ in range(pieces):
            await exchanged.write(b"x" * size)
            sent += 1

    made = await setting(script)
    caller = await made.connect()
    await caller.send(post())
    before = -1
    while before != sent:
        # Until nothing moves any more.
        before = sent
        await asyncio.sleep(0.2)
    assert sent < pieces
    body = (await caller.rest()).partition(b"\r\n\r\n")[2]
    caller.writer.close()
    assert len(body) == pieces * size
    assert sent == pieces


async def test_an_answer_before_the_request_was_sent(setting: Any, post: Any) -> None:
    """A connection on which a part of the request still waits carries no other call."""
    made: Any = None

    async def refuse_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        early.append(writer)

    early: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(refuse_early, "127.0.0.1", 0, limit=1 << 10)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def script(exchanged: Any) -> None:
        del exchanged

    made = await setting(script, limit=1 << 26)
    for _ in range(2):
        answer = await made.ask(post(f"{address}/v1/chat/completions", b"{" + b" " * (32 << 20)))
        assert answer.startswith(b"HTTP/1.1 413 Too Large\r\n")
    assert len(early) == 2
    for writer in early:
        writer.close()
    server.close()


async def test_interim_answers_are_left_out(setting: Any, post: Any) -> None:
    """Early hints are not the answer."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        )

    made = await setting(script)
    assert await made.ask(post()) == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
