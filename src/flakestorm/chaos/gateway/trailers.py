"""Trailers: header lines after a chunked body, which aiohttp's client reads and forgets."""

from __future__ import annotations

import re
from asyncio import AbstractEventLoop
from contextvars import ContextVar
from functools import partial
from typing import Any

from aiohttp import ClientRequest, ClientResponse, ClientTimeout, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from flakestorm.chaos.gateway.headers import Raw

_SECTION = re.compile(rb"(?:^|\r\n)0+[ \t]*(?:;[^\r\n]*)?\r\n((?:[^\r\n]+\r\n)+)\r\n$")
"""The last chunk, which has no bytes, and at least one line behind it."""
_WITHOUT = b"0\r\n\r\n"
MOST_BYTES = 1 << 14


class TailKeeper(ResponseHandler):
    """An upstream connection that remembers the last two pieces it got."""

    before = last = b""

    def data_received(self, data: bytes) -> None:
        """Remember, then parse: the end of a body is announced while it is parsed."""
        # Whoever cuts the trailers into more pieces loses them; nobody does.
        self.before, self.last = self.last, data
        super().data_received(data)

    @property
    def tail(self) -> bytes:
        """The last bytes."""
        return self.before[-MOST_BYTES:] + self.last[-MOST_BYTES:]


def _keeper(loop: AbstractEventLoop) -> ResponseHandler:
    return TailKeeper(loop)


_connection: ContextVar[ResponseHandler | None] = ContextVar("flakestorm_upstream_connection", default=None)


class TailKeepingConnector(TCPConnector):
    """Makes connections that keep their tail, and tells this task which one it got."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(_keeper, self._loop)

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout) -> Connection:
        """A kept connection, or else a new one."""
        connection = await super().connect(req, traces, timeout)
        _connection.set(connection.protocol)
        return connection


class Trailers:
    """The trailers of an answer that this task has just got the head of; read them after its body."""

    def __init__(self, response: ClientResponse) -> None:
        self._tail = b""
        keeper = _connection.get()
        if isinstance(keeper, TailKeeper) and "Transfer-Encoding" in response.headers:
            self._keeper = keeper
            # At the end of the body, before the connection is given to another call.
            response.content.on_eof(self._keep)

    def _keep(self) -> None:
        self._tail = self._keeper.tail

    def read(self) -> Raw:
        """Name and value of each, in their order."""
        if self._tail.endswith(_WITHOUT):
            return ()
        found = _SECTION.search(self._tail)
        if found is None:
            return ()
        pairs = (line.partition(b":") for line in found[1].splitlines())
        return tuple((name, value.strip()) for name, _, value in pairs)
