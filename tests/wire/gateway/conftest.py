"""Upstreams and callers that speak in raw bytes, so that nothing is hidden by a library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.effect import Effect
from flakestorm.chaos.gateway.gateway import Gateway
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import Traffic

WAIT_S = 20.0

Script = Callable[["Exchanged"], Awaitable[None]]


class Exchanged:
    """One request at a raw upstream: ``head`` and ``body`` as they came; write what you like."""

    def __init__(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.head = head
        self.body = body
        self.writer = writer
        self.left = asyncio.Event()

    @property
    def target(self) -> str:
        """The request line's target."""
        return self.head.split(b" ", 2)[1].decode()

    def headers(self, name: str) -> list[str]:
        """The values of each header called ``name``."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(": ") for line in lines)
        return [value for key, _, value in pairs if key.lower() == name.lower()]

    async def write(self, data: bytes) -> None:
        """Send ``data`` at once."""
        self.writer.write(data)
        await self.writer.drain()


class RawUpstream:
    """A server that does what ``script`` says with each request; ``seen`` are the requests."""

    def __init__(self, script: Script) -> None:
        self.seen: list[Exchanged] = []
        self._script = script
        self._server: asyncio.Server

    async def __aenter__(self) -> RawUpstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchanged: Exchanged | None = None
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                exchanged = Exchanged(head[:-4], b"", writer)
                length = exchanged.headers("content-length")
                if length:
                    exchanged.body = await reader.readexactly(int(length[0]))
                self.seen.append(exchanged)
                script = asyncio.ensure_future(self._script(exchanged))  # type: ignore[arg-type]
                end = asyncio.ensure_future(_watch(reader, exchanged))
                await script
                end.cancel()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            if exchanged is not None:
                exchanged.left.set()
        finally:
            writer.close()


async def _watch(reader: asyncio.StreamReader, exchanged: Exchanged) -> None:
    """Notice that the gateway has closed the connection, without taking bytes of the next request."""
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110 - a reader has no event for it
        await asyncio.sleep(0.01)
    exchanged.left.set()


class Caller:
    """A connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send ``data`` at once."""
        self.writer.write(data)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything up to the end of the connection; a reset raises ``ConnectionResetError``."""
        return await asyncio.wait_for(self.reader.read(), WAIT_S)

    async def until(self, mark: bytes) -> bytes:
        """Everything up to ``mark``."""
        return await asyncio.wait_for(self.reader.readuntil(mark), WAIT_S)


async def connect(address: str) -> Caller:
    """A connection to ``http://host:port``."""
    host, port = address.removeprefix("http://").split(":")
    return Caller(*await asyncio.open_connection(host, int(port)))


class Always:
    """Faults that do the same to each call, and remember the calls."""

    def __init__(self, **effect: Any) -> None:
        self.fired = Effect(**{"fired": ("fake",), **effect}) if effect else Effect()
        self.requests: list[CallRequest] = []
        self.over = 0

    def effect(self, request: CallRequest) -> Effect:
        """See ``Faulty``."""
        self.requests.append(request)
        return self.fired

    def ended(self, effect: Effect) -> None:
        """See ``Faulty``."""
        assert effect is self.fired
        self.over += 1


class Setting:
    """A gateway in front of a raw upstream, with one trial on its lane."""

    def __init__(self, gateway: Gateway, upstream: RawUpstream, traffic: Traffic, faults: Always) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.traffic = traffic
        self.faults = faults

    async def connect(self, lane: int = 0) -> Caller:
        """A caller of the gateway."""
        return await connect(self.gateway.addresses[lane])

    async def ask(self, data: bytes) -> bytes:
        """Send ``data`` on a connection of its own; what comes back up to the end of the connection."""
        caller = await self.connect()
        await caller.send(data)
        try:
            return await caller.rest()
        finally:
            caller.writer.close()

    async def closed_calls(self, count: int = 1) -> list[Any]:
        """The trial's calls, as soon as ``count`` of them are over."""
        for _ in range(2000):
            if len(self.traffic.finished()) >= count:
                break
            await asyncio.sleep(0.005)
        return list(self.traffic.finished())


MakeSetting = Callable[..., Awaitable[Setting]]


@pytest.fixture
async def setting() -> AsyncIterator[MakeSetting]:
    """Makes a gateway: ``await setting(script, tools=…, lanes=…, connection="reset")``."""
    async with AsyncExitStack() as stack:

        async def make(
            script: Script, *, tools: Any = None, lanes: int = 1, limit: int = 1 << 20, **effect: Any
        ) -> Setting:
            upstream = await stack.enter_async_context(RawUpstream(script))
            config = GatewayConfig(
                upstreams=dict.fromkeys(("openai", "anthropic", "google", "ollama"), upstream.url + "/v1"),
                tools={
                    name: {**tool, "upstream": upstream.url + tool["upstream"]}
                    for name, tool in (tools or {}).items()
                },
                max_request_bytes=limit,
            )
            gateway = await stack.enter_async_context(Gateway(config, lanes, surroundings={}))
            faults = Always(**effect)
            traffic = Traffic("trial-1", faults)
            gateway.enter(traffic, 0)
            return Setting(gateway, upstream, traffic, faults)

        yield make


def request(
    path: str = "/openai/chat/completions",
    body: bytes = b'{"model": "m"}',
    extra: bytes = b"",
    close: bool = True,
) -> bytes:
    """A POST request; the caller wants the connection closed afterwards unless told otherwise."""
    end = b"Connection: close\r\n" if close else b""
    head = b"POST %b HTTP/1.1\r\nHost: gateway\r\nContent-Length: %d\r\n" % (path.encode(), len(body))
    return head + extra + end + b"\r\n" + body


@pytest.fixture
def post() -> Callable[..., bytes]:
    """Makes a POST request as bytes."""
    return request
