"""A connection that does what the client says and no more: no buffer of its own, and any end of it.

asyncio's streams give up what has arrived when a write fails, but servers that refuse a request often answer
and hang up while it is still being sent: that answer is what an attack is about. So sockets are used here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from typing import Protocol

from yarl import URL

from flakestorm.agents.reachability import tls_context

READ_BYTES = 1 << 16
NO_LINGER = struct.pack("ii", 1, 0)


class Channel(Protocol):
    """One connection to the server."""

    async def send(self, data: bytes) -> None:
        """Write all of ``data``. Raises ``OSError``."""
        ...

    async def receive(self) -> bytes:
        """Some bytes, none at the end of the stream. Raises ``OSError``."""
        ...

    async def half_close(self) -> None:
        """Say that nothing more will be sent."""
        ...

    def close(self, reset: bool = False) -> None:
        """Close, or with ``reset`` break the connection off."""
        ...


async def open_channel(url: URL, verify_tls: bool) -> Channel:
    """Connect to ``url``'s host, with TLS for https. Raises ``OSError`` or ``UnicodeError``."""
    plain = PlainChannel(await _connected(url.host or "", url.port or 80))
    if url.scheme != "https":
        return plain
    secure = TlsChannel(plain, tls_context(verify_tls), url.host or "")
    try:
        await secure.shake_hands()
    except BaseException:
        plain.close()
        raise
    return secure


async def _connected(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


class PlainChannel:
    """A TCP connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Write all of ``data``."""
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        """Some bytes, none at the end of the stream."""
        return await self._loop.sock_recv(self._socket, READ_BYTES)

    async def half_close(self) -> None:
        """Send the end of the stream."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self, reset: bool = False) -> None:
        """Close the socket."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._socket.close()


class TlsChannel:
    """TLS on a TCP connection."""

    def __init__(self, plain: PlainChannel, context: ssl.SSLContext, host: str) -> None:
        self._plain = plain
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._arrived, self._leaving, server_hostname=host)
        # Sending and receiving both may have records to send, which must not get mixed.
        self._flushing = asyncio.Lock()

    async def shake_hands(self) -> None:
        """Agree on keys. Raises ``ssl.SSLError`` (an ``OSError``)."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._fill():
                    raise ConnectionResetError("the server hung up during the TLS handshake") from None
            else:
                await self._flush()
                return

    async def send(self, data: bytes) -> None:
        """Write all of ``data``, encrypted."""
        # Writing into memory never has to wait.
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Some decrypted bytes, none at the end of the stream."""
        while True:
            try:
                return self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._fill():
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def half_close(self) -> None:
        """Send TLS's own end of stream: the TCP connection stays open both ways."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            pass  # the other side has not said good-bye yet, which is the point
        await self._flush()

    def close(self, reset: bool = False) -> None:
        """Close the connection below."""
        self._plain.close(reset)

    async def _fill(self) -> bool:
        data = await self._plain.receive()
        if data:
            self._arrived.write(data)
        else:
            self._arrived.write_eof()
        return bool(data)

    async def _flush(self) -> None:
        async with self._flushing:
            data = self._leaving.read()
            if data:
                await self._plain.send(data)
