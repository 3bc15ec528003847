"""Servers on loopback for the HTTP agents: well-behaved ones, and ones that send any bytes they like."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.http import HttpAgent, http_agent
from flakestorm.agents.openai import openai_agent

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Self-signed for localhost, with its key; valid for a hundred years and trusted by nobody."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Server:
    """A running server: its base URL, and the requests it got, in order."""

    url: str
    seen: list[Seen] = field(default_factory=list)


def server_tls() -> ssl.SSLContext:
    """A context that presents the self-signed certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes everything at the end of the test, the newest first."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: AsyncExitStack) -> Callable[..., Awaitable[Server]]:
    """Start an HTTP server whose every path is handled by one function; ``tls=True`` for https."""

    async def start(handler: Handler, tls: bool = False) -> Server:
        server = Server("")

        async def record(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            server.seen.append(Seen(request.method, request.path, dict(request.query), request.headers, body))
            return await handler(request)

        app = web.Application(client_max_size=1 << 30, handler_args={"max_line_size": 1 << 24})
        app.router.add_route("*", "/{path:.*}", record)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls() if tls else None).start()
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        return server

    return start


@pytest.fixture
def serve_raw(stack: AsyncExitStack) -> Callable[[RawHandler], Awaitable[str]]:
    """Start a server that handles sockets itself, and return its URL."""

    async def start(handler: RawHandler) -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the client hung up first
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)

        async def stop() -> None:
            server.close()

        stack.push_async_callback(stop)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    return start


@pytest.fixture
def agent(stack: AsyncExitStack) -> Callable[..., HttpAgent]:
    """Make an agent from the keys of its configuration; it is closed at the end of the test."""

    def make(endpoint: str, **keys: Any) -> HttpAgent:
        config = AgentConfig(endpoint=endpoint, **keys)
        made = openai_agent(config) if config.type == "openai" else http_agent(config)
        stack.push_async_callback(made.aclose)
        return made

    return make
