"""An upstream's answer on the connection on which it comes, with the trailers that aiohttp forgets.

aiohttp's own client sends headers in its own order and makes several objects for each request. Its connector
and its parser are used without it: they are what a proxy needs.
"""

from __future__ import annotations

import re
from asyncio import AbstractEventLoop
from functools import partial
from typing import Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

from flakestorm.chaos.gateway.headers import Raw

HEADER_BYTES = 1 << 17
_SECTION = re.compile(rb"(?:^|\r\n)0+[ \t]*(?:;[^\r\n]*)?\r\n((?:[^\r\n]+\r\n)+)\r\n$")
"""The last chunk, which has no bytes, and at least one line behind it."""
_WITHOUT = b"0\r\n\r\n"
_TAIL_BYTES = 1 << 14


class UpstreamConnection(ResponseHandler):
    """A connection to an upstream that remembers the last two pieces it got.

    ``served`` says that it has carried a call before.
    """

    served = False
    before = last = b""

    def data_received(self, data: bytes) -> None:
        """Remember, then parse: the end of a body is announced while it is parsed."""
        # Whoever cuts the trailers into more pieces loses them; nobody does.
        self.before, self.last = self.last, data
        super().data_received(data)


class Connector(TCPConnector):
    """Makes and keeps such connections."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(_made, self._loop)


class Answering:
    """A call on ``connection``; ``start`` waits for the head of the answer, ``close`` when done with it."""

    def __init__(self, connection: Connection, method: str) -> None:
        self.method = method
        self.content: StreamReader
        self._message: RawResponseMessage
        self._connection = connection
        self._tail = b""
        protocol = connection.protocol
        # The connector was told to make no others.
        assert isinstance(protocol, UpstreamConnection)  # noqa: S101 - for the type checker
        self._protocol = protocol

    async def start(self, request: bytes) -> None:
        """Send ``request`` and read the head of the answer. Raises what aiohttp raises."""
        protocol = self._protocol
        protocol.set_response_params(
            skip_payload=self.method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
        )
        protocol.served = True
        if protocol.transport is None:
            raise ConnectionResetError
        protocol.transport.write(request)
        while True:
            message, content = await protocol.read()
            if not 100 <= message.code < 200 or message.code == 101:
                break
        self._message, self.content = message, content
        content.on_eof(self._ended)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._message.code

    @property
    def reason(self) -> str:
        """The words behind the status."""
        return self._message.reason

    @property
    def raw_headers(self) -> Raw:
        """The headers as they came."""
        return self._message.raw_headers

    def header(self, name: str) -> str:
        """The first header called ``name``, or ""."""
        return self._message.headers.get(name, "")

    def trailers(self) -> Raw:
        """The trailers, once the body has been read."""
        if not self._message.chunked or self._tail.endswith(_WITHOUT):
            return ()
        found = _SECTION.search(self._tail)
        if found is None:
            return ()
        pairs = (line.partition(b":") for line in found[1].splitlines())
        return tuple((name, value.strip()) for name, _, value in pairs)

    def close(self) -> None:
        """Give up what has not come yet; after the end of the body this does nothing."""
        self._connection.close()

    def _ended(self) -> None:
        protocol = self._protocol
        if self._message.chunked:
            # Now, because the connection may carry another call at once.
            self._tail = protocol.before[-_TAIL_BYTES:] + protocol.last[-_TAIL_BYTES:]
        transport = protocol.transport
        if transport is None or transport.get_write_buffer_size() or protocol.upgraded:
            # An answer before the request was sent: what is left of it must not precede another one.
            self._connection.close()
        else:
            self._connection.release()


def _made(loop: AbstractEventLoop) -> ResponseHandler:
    return UpstreamConnection(loop)
