"""CONNECT: bytes in both directions that nobody here can read; only the connection can be disturbed."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from flakestorm.chaos.gateway.caller import FULL_BYTES, Caller
from flakestorm.chaos.gateway.upstream import CONNECT_S, UpstreamDown, system_reason


def tunnel_url(authority: str) -> str | None:
    """``host:port`` of a CONNECT request as a URL; None when it is no such thing."""
    try:
        url = urlsplit(f"//{authority}")
        if url.hostname and url.port and not url.path:
            return f"{'http' if url.port == 80 else 'https'}://{authority}"
    except ValueError:
        pass
    return None


class Tunnel:
    """What ``caller`` asked for with CONNECT; aiohttp's server gives it the bytes, as to any other parser."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._writer: asyncio.StreamWriter
        self._ended = asyncio.Event()
        self._drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._drained.set_result(None)

    async def run(self, url: str) -> None:
        """Until either side ends its connection. Raises ``UpstreamDown`` where there is none."""
        parts = urlsplit(url)
        try:
            reader, self._writer = await asyncio.wait_for(
                asyncio.open_connection(parts.hostname, parts.port), CONNECT_S
            )
        except asyncio.TimeoutError:
            raise UpstreamDown(f"no connection to {parts.netloc} within {CONNECT_S:g} s") from None
        except OSError as error:
            raise UpstreamDown(f"no connection to {parts.netloc}: {system_reason(error)}") from None
        forward = asyncio.ensure_future(self._forward(reader))
        try:
            forward.add_done_callback(lambda _: self._ended.set())
            self._caller.establish()
            self._caller.request.protocol.set_parser(self)  # type: ignore[arg-type]  # whatever has feed_data will do
            await self._ended.wait()
        finally:
            forward.cancel()
            self._drained.cancel()
            self._writer.close()
        self._caller.close()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """The caller sent ``data``; the answer to the server is that there is more to come."""
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > FULL_BYTES and self._drained.done():
            self._caller.transport.pause_reading()
            self._drained = asyncio.ensure_future(self._drain())
        return False, b""

    def feed_eof(self) -> None:
        """The caller has gone."""
        self._ended.set()

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
            self._caller.transport.resume_reading()
        except OSError:
            self._ended.set()

    async def _forward(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(FULL_BYTES):
                self._caller.transport.write(data)
                await self._caller.drain()
        except OSError:
            # Either connection broke: so does the other one.
            pass
