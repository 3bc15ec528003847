"""Connections to an agent, kept between requests.

A general HTTP client takes four times as long for a request as this (benchmarks/agents.py), and a client that
tries again by itself would hide faults. So this one knows HTTP/1.1 and nothing beside it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

from yarl import URL

from flakestorm.agents.http_answer import Answer
from flakestorm.agents.reachability import tls_context
from flakestorm.agents.transport_errors import LOCAL_LIMITS, NotConnected, tls_reason
from flakestorm.model.outcome import ErrorKind

IDLE_S = 4.0
"""Below the five seconds after which uvicorn and Node close idle connections under a client's hands."""

TOGETHER_BYTES = 1 << 14
"""A body up to this size leaves in one piece with its head."""

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Connection(asyncio.Protocol):
    """One connection; it has one request at a time. ``was_used`` says that it had one before."""

    def __init__(self, owner: Connections, origin: Origin) -> None:
        self.origin = origin
        self.was_used = False
        self.idle_since = 0.0
        self.is_open = True
        self._owner = owner
        self._transport: Any = None
        self._answer: Answer | None = None

    def request(self, head: bytes, body: bytes, is_bodiless: bool) -> Answer:
        """Send a request; its answer, which has to be closed. ``is_bodiless``: only a head will come."""
        self._answer = answer = Answer(self, is_bodiless)
        if len(body) <= TOGETHER_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        return answer

    def pause(self) -> None:
        """See ``Flow``."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """See ``Flow``."""
        if self.is_open:
            self._transport.resume_reading()

    def done(self, *, keep: bool) -> None:
        """See ``Flow``."""
        if self._answer is None:
            return
        self._answer = None
        # A request that is still being sent after its answer would get in the way of the next one.
        if keep and self.is_open and not self._transport.get_write_buffer_size():
            self.was_used = True
            self._owner.keep(self)
        else:
            self.close()

    def close(self) -> None:
        """Give the connection up."""
        self.is_open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes that nobody asked for end the connection."""
        if self._answer is None:
            self.close()
        else:
            self._answer.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side hung up, or we did."""
        self.is_open = False
        if self._answer is not None:
            self._answer.ended(exc)


class Connections:
    """Open connections by origin. ``keeps`` may be turned off: then each request gets one of its own."""

    def __init__(self, verify_tls: bool) -> None:
        self.keeps = True
        self._verify_tls = verify_tls
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[Connection]] = {}
        self._loop = asyncio.get_running_loop()

    async def take(self, url: URL, timeout_s: float) -> Connection:
        """A connection to ``url``'s host. Raises ``NotConnected`` or ``asyncio.TimeoutError``."""
        origin = (url.scheme, url.raw_host or "", url.port or 0)
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_open:
                if self.keeps and self._loop.time() - connection.idle_since < IDLE_S:
                    return connection
                connection.close()
        return await self._open(origin, timeout_s)

    def keep(self, connection: Connection) -> None:
        """Take back a connection that is ready for another request."""
        if not self.keeps:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.setdefault(connection.origin, []).append(connection)

    async def aclose(self) -> None:
        """Close those that nobody uses."""
        for connection in [each for idle in self._idle.values() for each in idle]:
            connection.close()
        self._idle.clear()
        # Transports let go of their sockets in the loop's next turn.
        await asyncio.sleep(0)

    async def _open(self, origin: Origin, timeout_s: float) -> Connection:
        scheme, host, port = origin
        tls = self._tls_context() if scheme == "https" else None
        connecting = asyncio.ensure_future(
            self._loop.create_connection(lambda: Connection(self, origin), host, port, ssl=tls)
        )
        try:
            # Not wait_for: before Python 3.12 it can swallow a cancellation.
            done, _ = await asyncio.wait({connecting}, timeout=timeout_s)
        except asyncio.CancelledError:
            connecting.add_done_callback(_hang_up)
            connecting.cancel()
            raise
        if not done:
            connecting.add_done_callback(_hang_up)
            connecting.cancel()
            raise asyncio.TimeoutError
        try:
            return connecting.result()[1]
        except (OSError, UnicodeError) as error:
            raise not_connected(error, host, port) from error

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context(self._verify_tls)
        return self._tls


def _hang_up(connecting: asyncio.Future[tuple[Any, Connection]]) -> None:
    """Close a connection that came too late."""
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result()[1].close()


def not_connected(error: Exception, host: str, port: int) -> NotConnected:
    """Why there is no connection to ``host``, as what the exchange catches."""
    if isinstance(error, ssl.SSLError):
        return NotConnected(ErrorKind.TLS, f"no secure connection: {tls_reason(error)}")
    if isinstance(error, UnicodeError):
        # The only text that is encoded on the way, the host name: IDNA has rules for its parts.
        return NotConnected(ErrorKind.DNS, f"the host name cannot be looked up: {error}")
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, socket.gaierror):
        return NotConnected(ErrorKind.DNS, f"the host name '{host}' has no address: {reason}")
    limit = LOCAL_LIMITS.get(getattr(error, "errno", None) or 0)
    if limit:
        return NotConnected(ErrorKind.REFUSED, f"could not connect to {host}:{port}: {limit}")
    return NotConnected(ErrorKind.REFUSED, f"nothing accepts connections at {host}:{port}: {reason}")
