"""The HTTP agent against servers that break the protocol: every failure is an outcome, nothing is raised."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flakestorm.agents.port import Request
from flakestorm.model.outcome import AGENT_FAULTS, UNREACHABLE, ErrorKind

ASK = Request(("hello",), "t")


def free_port() -> int:
    """A port that nothing listens on: it was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def read_request(reader: asyncio.StreamReader) -> None:
    """Read one request to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if length:
        await reader.readexactly(int(length[1]))


def answering(data: bytes) -> Any:
    """A raw handler that reads a request, sends ``data`` and hangs up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(data)
        await writer.drain()

    return handler


def stalling(data: bytes) -> Any:
    """A raw handler that sends ``data`` and then neither speaks nor hangs up until the client does."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(data)
        await reader.read()

    return handler


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"", ErrorKind.DISCONNECTED, "the connection was lost before the reply (no headers came)"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (status 200 and 3 bytes came)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (status 200 and 3 bytes came)",
        ),
        (
            (
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"9\r\ndata: a\n\n\r\n"
            ),
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (status 200 and 9 bytes came)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTrans",
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (no headers came)",
        ),
        (b"220 mail.example.com ESMTP\r\n\r\n", ErrorKind.BAD_REPLY, "the answer is not valid HTTP"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", ErrorKind.BAD_REPLY, "the answer is not valid HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            ErrorKind.BAD_REPLY,
            "the answer is not valid HTTP",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
            ErrorKind.BAD_REPLY,
            "the answer is not valid HTTP",
        ),
    ],
)
async def test_broken_answer(serve_raw: Any, agent: Any, data: bytes, kind: ErrorKind, message: str) -> None:
    """Answers that are cut or no HTTP at all: an error of the right kind that says how far it came."""
    outcome = await agent(await serve_raw(answering(data))).send(ASK)
    assert outcome.reply is None
    assert (outcome.error.kind, outcome.error.message) == (kind, message)


async def test_bad_chunk_size(serve_raw: Any, agent: Any) -> None:
    """A chunk whose size is no number breaks the answer."""
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"
    outcome = await agent(await serve_raw(answering(data))).send(ASK)
    assert outcome.error.kind in {ErrorKind.BAD_REPLY, ErrorKind.DISCONNECTED}


async def test_reset(serve_raw: Any, agent: Any) -> None:
    """A connection that is reset is a lost one."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    outcome = await agent(await serve_raw(handler)).send(ASK)
    assert outcome.error.kind is ErrorKind.DISCONNECTED


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"", "no headers came"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "status 200 and 3 bytes came"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n",
            "status 200 and 9 bytes came",
        ),
    ],
)
async def test_timeout(serve_raw: Any, agent: Any, data: bytes, came: str) -> None:
    """An answer that never ends is a timeout, at the configured time, that says what had come."""
    outcome = await agent(await serve_raw(stalling(data)), timeout=1000).send(ASK)
    assert outcome.error.kind is ErrorKind.TIMEOUT
    assert outcome.error.message == f"no complete reply within 1,000 ms ({came})"
    assert 990 <= outcome.latency_ms < 5000
    assert (outcome.first_byte_ms is not None) == bool(data)


async def test_endless_reply_ends_at_the_limit(serve_raw: Any, agent: Any) -> None:
    """A flood without an end stops at the size limit, long before the timeout."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    outcome = await agent(await serve_raw(handler), max_reply_bytes=1_000_000).send(ASK)
    assert outcome.error.kind is ErrorKind.TOO_LARGE


async def test_error_status_that_never_ends(serve_raw: Any, agent: Any) -> None:
    """The status of an error counts even if its body does not come."""
    url = await serve_raw(stalling(b"HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n"))
    outcome = await agent(url, timeout=1000).send(ASK)
    assert (outcome.error.kind, outcome.status, outcome.error.detail) == (ErrorKind.STATUS, 500, "")


async def test_stream_left_open_after_its_end_mark(serve_raw: Any, agent: Any) -> None:
    """The reply is complete with the mark; the latency does not hold the wait for the hang-up."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    url = await serve_raw(stalling(head + b'data: {"token": "hi"}\n\ndata: [DONE]\n\n'))
    made = agent(url, timeout=30_000)
    loop = asyncio.get_running_loop()
    started = loop.time()
    outcome = await made.send(ASK)
    waited_ms = (loop.time() - started) * 1000
    assert outcome.reply == "hi"
    assert outcome.latency_ms < waited_ms - 400


async def test_connection_is_usable_after_failures(serve: Any, agent: Any) -> None:
    """A reply that was cut off does not poison the connection for the next trial."""
    bodies = iter(["x" * 5000, "ok"])

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=next(bodies))

    made = agent((await serve(handler)).url, max_reply_bytes=100)
    assert (await made.send(ASK)).error.kind is ErrorKind.TOO_LARGE
    assert (await made.send(ASK)).reply == "ok"


async def test_nothing_listens(agent: Any) -> None:
    """A refused connection says where, and is not the agent's fault."""
    port = free_port()
    outcome = await agent(f"http://127.0.0.1:{port}/").send(ASK)
    assert outcome.error.kind is ErrorKind.REFUSED
    assert outcome.error.kind in UNREACHABLE
    assert outcome.error.message.startswith(f"nothing accepts connections at 127.0.0.1:{port}: ")


async def test_host_name_that_cannot_be(agent: Any) -> None:
    """A name that no resolver takes has no address."""
    outcome = await agent("http://a..b/").send(ASK)
    assert outcome.error.kind is ErrorKind.DNS


async def test_untrusted_certificate(serve: Any, agent: Any) -> None:
    """A self-signed certificate is a TLS error, unless the user says that it is all right."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="secure")

    server = await serve(handler, tls=True)
    outcome = await agent(server.url).send(ASK)
    assert outcome.error.kind is ErrorKind.TLS
    assert "self" in outcome.error.message
    assert (await agent(server.url, verify_tls=False).send(ASK)).reply == "secure"


async def test_https_to_a_plain_server(serve_raw: Any, agent: Any) -> None:
    """A handshake that is answered with something else is a TLS error too."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    url = (await serve_raw(handler)).replace("http:", "https:")
    outcome = await agent(url).send(ASK)
    assert outcome.error.kind is ErrorKind.TLS


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 307 x\r\n",
                b"Location: http://\xff[/\r\n",
                b"Location: //\r\n",
                b"Content-Type: text/event-stream; charset=\xff\r\n",
                b"Content-Type: application/json\r\n",
                b"Content-Type: ;;=\r\n",
                b"Content-Encoding: gzip\r\n",
                b"Content-Encoding: br\r\n",
                b"Content-Length: 5\r\n",
                b"Content-Length: -1\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Set-Cookie: \x00=;;\r\n",
                b"Retry-After: \xff\r\n",
                b"\r\n",
                b'{"a": 1}',
                b"5\r\nhello\r\n",
                b"0\r\n\r\n",
                b"data: x\n\n",
            ]
        )
        | st.binary(max_size=8),
        max_size=8,
    )
)
def test_no_exception_leaks(parts: list[bytes]) -> None:
    """Whatever bytes come back, ``send`` returns an outcome."""
    from flakestorm.agents.config import AgentConfig
    from flakestorm.agents.http import http_agent

    async def scenario() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await read_request(reader)
                writer.write(b"".join(parts))
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        made = http_agent(AgentConfig(endpoint=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
        try:
            outcome = await made.send(ASK)
        finally:
            await made.aclose()
            server.close()
        assert (outcome.reply is None) != (outcome.error is None)
        assert outcome.error is None or outcome.error.kind in AGENT_FAULTS

    asyncio.run(scenario())
