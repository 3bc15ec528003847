"""The agent's side of a call: writes an answer to its connection, well-formed or broken on purpose.

aiohttp's own responses add headers, change the order and cannot break the rules of HTTP, so the bytes are
written to the connection's transport directly.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus
from typing import Literal

from aiohttp import web
from aiohttp.http import HttpVersion11

from flakestorm.chaos.gateway.evidence import Evidence
from flakestorm.chaos.received import Received

RawHeaders = Iterable[tuple[bytes, bytes]]

NO_LINGER = struct.pack("ii", 1, 0)
"""Closing such a socket resets the connection instead of ending it."""
FULL_BYTES = 1 << 16
WITHOUT_BODY = frozenset({204, 304})
ILLEGAL_CHUNK = b"flakestorm\r\n"
"""Where the size of a chunk should be, in hexadecimal."""

_NOTHING = Received()
_Body = Literal["none", "plain", "chunked"]


class CallerLeft(ConnectionError):
    """The caller has closed its connection."""


class Caller:
    """Whoever sent ``request``. Begin an answer, write its body, and end it, break it, or close."""

    def __init__(self, request: web.BaseRequest) -> None:
        self.status: int | None = None
        self.received = _NOTHING
        self.keeps_alive = request.keep_alive
        self._request = request
        self._body: _Body = "plain"
        self._head = b""

    def begin(self, status: int, reason: str | None, headers: RawHeaders) -> None:
        """The head of the answer; it goes out with the first piece of the body, or with ``flush``.

        A ``content-length`` among ``headers`` frames the body; without one it is sent in chunks, or up to
        the end of the connection where the caller speaks HTTP/1.0.
        """
        self.status = status
        given = list(headers)
        values = {name.lower(): value for name, value in given}
        self._body = self._framing(status, b"content-length" in values)
        if self._body != "chunked":
            given = [pair for pair in given if pair[0].lower() != b"transfer-encoding"]
        elif b"transfer-encoding" not in values:
            # Else it stays in its place: the order of headers is part of the answer.
            given.append((b"Transfer-Encoding", b"chunked"))
        if not self.keeps_alive:
            given.append((b"Connection", b"close"))
        elif not self._is_modern:
            given.append((b"Connection", b"keep-alive"))
        coding = values.get(b"content-encoding")
        self.received = Received() if coding is None else Evidence(coding.decode("latin-1"))
        lines = [b"HTTP/1.1 %d %b" % (status, _reason(status, reason)), *map(b"%b: %b".__mod__, given)]
        self._head = b"\r\n".join(lines) + b"\r\n\r\n"

    def write(self, data: bytes) -> None:
        """The next piece of the body, at once; ``drain`` before the next one."""
        if not data or self._body == "none":
            return
        self.received.add(data)
        if self._body == "chunked":
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._send(data)

    def flush(self) -> None:
        """The head goes out, although there is no body yet."""
        if self._head:
            self._send(b"")

    def end(self, trailers: RawHeaders = ()) -> None:
        """The body is complete."""
        if self._body == "chunked":
            lines = b"".join(name + b": " + value + b"\r\n" for name, value in trailers)
            self._send(b"0\r\n" + lines + b"\r\n")
        else:
            self.flush()

    async def drain(self) -> None:
        """Wait until the caller has read enough. Raises ``CallerLeft``."""
        if self.transport.get_write_buffer_size() > FULL_BYTES:
            await self._request.writer.drain()

    def break_chunk(self) -> None:
        """Something illegal instead of the next chunk, and the end of the connection."""
        self._send(ILLEGAL_CHUNK)
        self.close()

    def close(self) -> None:
        """The connection ends in good order after what was written."""
        self.flush()
        self.keeps_alive = False
        self.transport.close()

    async def reset(self) -> None:
        """The connection breaks after what was written: a reset, no end."""
        self.keeps_alive = False
        self.flush()
        transport = self.transport
        if transport.get_write_buffer_size():
            transport.set_write_buffer_limits(high=0)
            await self._request.writer.drain()
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()

    def establish(self) -> None:
        """The answer to CONNECT; from now on the connection carries whatever it carries."""
        self.status = 200
        self.keeps_alive = False
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def interim(self) -> None:
        """``100 Continue``, for callers that wait for it before they send their body."""
        self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    @property
    def has_begun(self) -> bool:
        """Whether a part of the answer has been sent."""
        return self.status is not None and not self._head

    @property
    def request(self) -> web.BaseRequest:
        """The request that is to be answered."""
        return self._request

    @property
    def transport(self) -> asyncio.Transport:
        """The connection. Raises ``CallerLeft`` when there is none any more."""
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise CallerLeft("the caller has closed its connection")
        return transport

    @property
    def _is_modern(self) -> bool:
        return self._request.version >= HttpVersion11

    def _framing(self, status: int, sized: bool) -> _Body:
        if status < HTTPStatus.OK:
            # The caller waits for another answer after such a one, and there is none.
            self.keeps_alive = False
        if self._request.method == "HEAD" or status in WITHOUT_BODY:
            return "none"
        if sized:
            return "plain"
        if self._is_modern:
            return "chunked"
        self.keeps_alive = False
        return "plain"

    def _send(self, data: bytes) -> None:
        head, self._head = self._head, b""
        self.transport.write(head + data if head else data)


class Sent(web.StreamResponse):
    """What aiohttp is told when the answer has been written: nothing is left to do."""

    def __init__(self, keeps_alive: bool) -> None:
        super().__init__()
        self._keep_alive = keeps_alive

    async def prepare(self, request: web.BaseRequest) -> None:
        """The head has been sent."""

    async def write_eof(self, data: bytes = b"") -> None:
        """The body has been sent."""


GOES_ON = Sent(True)
IS_OVER = Sent(False)
"""Neither has a state, so each serves for all requests."""


def _reason(status: int, reason: str | None) -> bytes:
    if reason is None:
        try:
            reason = HTTPStatus(status).phrase
        except ValueError:
            reason = ""
    return reason.encode("utf-8", "surrogateescape")
