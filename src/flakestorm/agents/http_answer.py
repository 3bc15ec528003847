"""One answer, while it arrives: bytes of a connection in, status, headers and body out.

The body waits here until somebody reads it. While much of it waits nothing more is taken from the socket, so
that an agent that floods us fills no memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email.message import Message
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict

from flakestorm.agents.content_coding import Decoder, decoder_for
from flakestorm.agents.transport_errors import ConnectionLost, NotHttp

HEAD_BYTES = 1 << 16
"""Longer heads are refused, as servers refuse them."""
TOO_LONG = f"its head is longer than {HEAD_BYTES:,} bytes"

WAITING_BYTES = 1 << 18
"""So much of a body waits to be read before the socket has to wait."""


class Flow(Protocol):
    """What an answer asks of its connection."""

    def pause(self) -> None:
        """Take nothing from the socket for now."""

    def resume(self) -> None:
        """Go on."""

    def done(self, *, keep: bool) -> None:
        """The answer is over; ``keep`` says that another request may follow on this connection."""


class Answer:
    """The answer to one request. ``head`` comes first, then ``read`` until it gives nothing.

    ``status`` and ``headers`` are there after ``head``. ``has_begun`` says whether any byte came.
    """

    def __init__(self, flow: Flow, is_bodiless: bool = False) -> None:
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.has_begun = False
        self._flow = flow
        self._is_bodiless = is_bodiless
        self._loop = asyncio.get_running_loop()
        self._parser: Any = HttpResponseParser(self)
        # As other clients do: what can be understood is read.
        self._parser.set_dangerous_leniencies(lenient_headers=True, lenient_optional_cr_before_lf=True)
        self._head_bytes = 0
        self._header_bytes = 0
        self._has_head = False
        self._is_complete = False
        self._has_surplus = False
        self._keep = False
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._decoder: Decoder | None = None
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def content_type(self) -> str:
        """The media type in lower case, without its parameters."""
        return _media_type(self.headers.get("Content-Type", ""))[0]

    @property
    def charset(self) -> str | None:
        """The declared charset."""
        return _media_type(self.headers.get("Content-Type", ""))[1]

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies that the answer sets."""
        if "Set-Cookie" not in self.headers:
            return {}
        jar = SimpleCookie()
        for line in self.headers.getall("Set-Cookie"):
            try:
                jar.load(line)
            except CookieError:
                continue
        return {name: morsel.value for name, morsel in jar.items()}

    async def head(self) -> None:
        """Wait for status and headers. Raises what ended the answer before."""
        while not self._has_head:
            await self._more()
        coding = self.headers.get("Content-Encoding")
        self._decoder = None if coding is None else decoder_for(coding)

    async def read(self) -> bytes:
        """The next bytes of the body, decompressed; none at its end. Raises what cut it off."""
        while True:
            if self._decoder is not None and (piece := self._decoder.rest()):
                return piece
            if self._pieces:
                piece = self._take()
                if self._decoder is None:
                    return piece
                self._decoder.feed(piece)
            elif self._is_complete:
                if self._decoder is not None:
                    self._decoder.end()
                return b""
            else:
                await self._more()

    def at_end(self) -> bool:
        """Whether the body is complete and was read."""
        return self._is_complete and not self._pieces and (self._decoder is None or self._decoder.is_spent)

    def close(self) -> None:
        """Nothing more is wanted of this answer."""
        self._flow.done(keep=self._keep and self.at_end() and not self._has_surplus)
        # It holds this answer, too, and looking for such circles is a twentieth of the time of a request.
        self._parser = None

    def feed(self, data: bytes) -> None:
        """Bytes of the connection."""
        self.has_begun = True
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._is_complete, self._keep = True, False
        except HttpParserError as error:
            self.fail(NotHttp(str(error)))
        if not self._has_head and self._head_bytes > HEAD_BYTES:
            self.fail(NotHttp(TOO_LONG))
        self._wake()

    def ended(self, error: Exception | None) -> None:
        """The connection is gone, which is how a body without a length ends."""
        if error is None and self._has_head and self._ends_with_connection():
            self._is_complete = True
        elif not self._is_complete:
            self.fail(ConnectionLost("" if error is None else str(error)))
        self._wake()

    def fail(self, error: BaseException) -> None:
        """Nothing more will come; what came can still be read."""
        if self._error is None and not self._is_complete:
            self._error = error
            self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A second answer to one request is surplus."""
        self._has_surplus = self._is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer, which nobody asks for."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > HEAD_BYTES:
            # The parser stops here, and ``feed`` hears of it.
            raise ValueError(TOO_LONG)
        if not self._has_head:
            self.headers.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        """The head is there, unless it is that of an interim answer."""
        status = self._parser.get_status_code()
        if self._has_surplus or (100 <= status < 200 and status != 101):
            self.headers.clear()
            return
        self.status = status
        self._has_head = True
        self._is_complete = self._is_bodiless

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._has_surplus or self._is_bodiless:
            return
        self._pieces.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > WAITING_BYTES:
            self._flow.pause()

    def on_message_complete(self) -> None:
        """The end, where the framing tells it."""
        if self._has_head and not self._has_surplus:
            self._is_complete = True
            self._keep = self._parser.should_keep_alive() and not self._is_bodiless

    def _ends_with_connection(self) -> bool:
        return "Content-Length" not in self.headers and "Transfer-Encoding" not in self.headers

    def _take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        if self._waiting_bytes > WAITING_BYTES:
            self._flow.resume()
        self._waiting_bytes = 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@lru_cache(256)
def _media_type(header: str) -> tuple[str, str | None]:
    message = Message()
    message["Content-Type"] = header or "application/octet-stream"
    charset = message.get_param("charset")
    return message.get_content_type(), charset.lower() if isinstance(charset, str) else None
