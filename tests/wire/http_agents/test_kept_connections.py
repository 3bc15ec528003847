"""Connections that the agent closes between two requests: no fault; those that it closes in one: a fault."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from flakestorm.agents.port import Request
from flakestorm.model.outcome import ErrorKind

ASK = Request(("hello",), "t")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Drops:
    """A raw server that keeps connections, and drops those whose request has a number in ``dropped``."""

    def __init__(self, *dropped: int, before: bytes = b"") -> None:
        self.requests = 0
        self.connections = 0
        self._dropped = dropped
        self._before = before

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            self.requests += 1
            if self.requests in self._dropped:
                writer.write(self._before)
                return
            writer.write(OK)


async def test_connections_are_kept(serve_raw: Any, agent: Any) -> None:
    """As long as the agent closes none, one is enough."""
    server = Drops()
    made = agent(await serve_raw(server))
    assert [(await made.send(ASK)).attempts for _ in range(5)] == [1] * 5
    assert server.connections == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_closed_kept_connection_is_no_error(serve_raw: Any, agent: Any, method: str) -> None:
    """The request goes out once more; the outcome says so, and its latency is that of the second try."""
    made = agent(await serve_raw(Drops(2)), method=method)
    assert (await made.send(ASK)).reply == "ok"
    outcome = await made.send(ASK)
    assert (outcome.reply, outcome.error, outcome.attempts) == ("ok", None, 2)


async def test_nothing_is_hidden_afterwards(serve_raw: Any, agent: Any) -> None:
    """From then on no connection is kept, so that each further drop is the agent's fault, and is seen."""
    server = Drops(2, 4, 6)
    made = agent(await serve_raw(server))
    outcomes = [await made.send(ASK) for _ in range(5)]
    assert [outcome.error and outcome.error.kind for outcome in outcomes] == [
        None,
        None,
        ErrorKind.DISCONNECTED,
        None,
        ErrorKind.DISCONNECTED,
    ]
    assert server.connections == 5


async def test_a_first_request_is_never_repeated(serve_raw: Any, agent: Any) -> None:
    """Its connection was new: who drops it drops the request, also with an idempotent method."""
    server = Drops(1)
    made = agent(await serve_raw(server), method="GET")
    assert (await made.send(ASK)).error.kind is ErrorKind.DISCONNECTED
    assert server.requests == 1


async def test_an_agent_that_crashes_is_not_excused(serve_raw: Any, agent: Any) -> None:
    """It drops the request on the new connection too."""
    server = Drops(2, 3)
    made = agent(await serve_raw(server))
    await made.send(ASK)
    outcome = await made.send(ASK)
    assert outcome.error.kind is ErrorKind.DISCONNECTED
    assert (server.requests, outcome.attempts) == (3, 2)


async def test_an_answer_that_began_is_not_asked_for_again(serve_raw: Any, agent: Any) -> None:
    """The agent was at work, so that closing the connection is its fault."""
    server = Drops(2, before=b"HTTP/1.1 200 OK\r\nContent-Le")
    made = agent(await serve_raw(server))
    await made.send(ASK)
    assert (await made.send(ASK)).error.kind is ErrorKind.DISCONNECTED
    assert server.requests == 2


async def test_an_agent_that_is_gone_was_lost_in_the_request(agent: Any) -> None:
    """Nothing listens any more: the error is the lost connection, not the refused one after it."""
    server: asyncio.Server

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    made = agent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", method="GET")
    assert (await made.send(ASK)).reply == "ok"
    assert (await made.send(ASK)).error.kind is ErrorKind.DISCONNECTED


async def test_an_agent_that_closes_after_each_reply_has_no_fault(serve_raw: Any, agent: Any) -> None:
    """Without saying so in a header, while twenty trials go on at once."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        writer.write(OK)
        await writer.drain()

    made = agent(await serve_raw(handler))

    async def several() -> list[Any]:
        return [await made.send(ASK) for _ in range(20)]

    rounds = await asyncio.gather(*(several() for _ in range(20)))
    assert {outcome.reply for outcomes in rounds for outcome in outcomes} == {"ok"}
