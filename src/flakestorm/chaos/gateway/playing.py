"""Answers that need not come from an upstream: what delivery reads of one, played ones, and taped ones."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Protocol

from flakestorm.chaos.gateway.answering import Answering
from flakestorm.chaos.gateway.codings import Undecodable, decoder
from flakestorm.chaos.gateway.headers import Raw, octets, text
from flakestorm.chaos.inprocess.passage import recorded_headers
from flakestorm.chaos.recorded import Recorded, Tape
from flakestorm.chaos.request import CallRequest


class Content(Protocol):
    """A body as aiohttp's ``StreamReader`` gives it."""

    def at_eof(self) -> bool:
        """Whether all has been read."""
        ...

    def read_nowait(self) -> bytes:
        """What is there already."""
        ...

    async def readany(self) -> bytes:
        """The next piece. Raises what aiohttp and the system raise."""
        ...

    async def read(self) -> bytes:
        """All that is left."""
        ...

    def iter_any(self) -> AsyncIterator[bytes]:
        """The pieces as they come."""
        ...


class Response(Protocol):
    """An answer whose head is there."""

    @property
    def method(self) -> str:
        """The request's."""
        ...

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def reason(self) -> str | None:
        """The words behind the status; None for the usual ones."""
        ...

    @property
    def raw_headers(self) -> Raw:
        """The headers in their order."""
        ...

    @property
    def content(self) -> Content:
        """The body."""
        ...

    def header(self, name: str) -> str:
        """The first header called ``name``, or ""."""
        ...

    def trailers(self) -> Raw:
        """The trailers, once the body has been read."""
        ...


class _Pieces(ABC):
    """What ``Content`` can be made of: ``readany`` and ``at_eof``."""

    @abstractmethod
    def at_eof(self) -> bool: ...

    @abstractmethod
    async def readany(self) -> bytes: ...

    def read_nowait(self) -> bytes:
        return b""

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self.iter_any()])

    async def iter_any(self) -> AsyncIterator[bytes]:
        while not self.at_eof():
            piece = await self.readany()
            if piece:
                yield piece


class Played:
    """``recorded`` as the answer to ``request``."""

    reason = None

    def __init__(self, recorded: Recorded, request: CallRequest) -> None:
        self.method = request.method
        self.status = recorded.status
        self.raw_headers = octets(recorded_headers(request, recorded))
        self.content: Content = _PlayedContent(recorded)

    def header(self, name: str) -> str:
        """The first header called ``name``, or ""."""
        return _header(self.raw_headers, name)

    def trailers(self) -> Raw:
        """None are recorded."""
        return ()


class _PlayedContent(_Pieces):
    def __init__(self, recorded: Recorded) -> None:
        self._left = list(reversed(recorded.chunks))
        self._breaks = recorded.ended == "cut"
        self._at_ms = 0.0

    def at_eof(self) -> bool:
        return not self._left and not self._breaks

    async def readany(self) -> bytes:
        if not self._left:
            raise ConnectionResetError
        at_ms, data = self._left.pop()
        if at_ms > self._at_ms:
            await asyncio.sleep((at_ms - self._at_ms) / 1000)
            self._at_ms = at_ms
        return data


class Taped:
    """``response`` while it is kept on ``tape``."""

    def __init__(self, response: Answering, tape: Tape) -> None:
        self.method, self.status, self.reason = response.method, response.status, response.reason
        self.raw_headers = response.raw_headers
        self._response = response
        self.content: Content = _TapedContent(response, tape)
        tape.head(response.status, tuple(text(response.raw_headers)))

    def header(self, name: str) -> str:
        """The first header called ``name``, or ""."""
        return self._response.header(name)

    def trailers(self) -> Raw:
        """The trailers, once the body has been read."""
        return self._response.trailers()


class _TapedContent(_Pieces):
    """Passes a body on as it is, and keeps it decoded; what is in an unknown coding is not kept."""

    def __init__(self, response: Answering, tape: Tape) -> None:
        self._content = response.content
        self._tape: Tape | None = tape
        try:
            self._decoder = decoder(response.header("Content-Encoding"))
        except Undecodable:
            tape.drop()
            self._tape = None

    def at_eof(self) -> bool:
        ended = self._content.at_eof()
        if ended and self._tape is not None:
            self._tape.end()
        return ended

    def read_nowait(self) -> bytes:
        return self._kept(self._content.read_nowait())

    async def readany(self) -> bytes:
        try:
            return self._kept(await self._content.readany())
        except Exception:
            if self._tape is not None:
                self._tape.end("cut")
            raise

    def _kept(self, data: bytes) -> bytes:
        if self._tape is not None and data:
            try:
                self._tape.add(self._decoder.feed(data))
            except Undecodable:
                self._tape.drop()
                self._tape = None
        return data


def _header(raw: Raw, name: str) -> str:
    wanted = name.lower().encode()
    return next((value.decode("latin-1") for key, value in raw if key.lower() == wanted), "")
