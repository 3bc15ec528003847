"""Reads an HTTP answer from whatever a server sends: tolerant, because the server may be at its wits' end."""

from __future__ import annotations

import re

HEAD_LIMIT = 1 << 16
BODY_LIMIT = 1 << 16
"""Bytes of a body that are kept; with them the answer counts as complete."""

STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: |$)")
HEAD_END = re.compile(rb"\r?\n\r?\n")
INTERIM = range(100, 200)
SWITCHING = 101
WITHOUT_BODY = frozenset({SWITCHING, 204, 304})


class AnswerParser:
    """Takes bytes as they arrive. ``done`` when nothing more is needed, ``complete`` when it is all there.

    ``head_only`` says that the answer has no body whatever its headers say. ``status`` is None while there
    is no head; ``not_http`` is set when what came cannot be one.
    """

    def __init__(self, head_only: bool = False) -> None:
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.not_http = False
        self.done = False
        self.complete = False
        self._head_only = head_only
        self._waiting = bytearray()
        self._body = bytearray()
        self._left: int | None = None
        self._chunked = False

    @property
    def started(self) -> bool:
        """Whether anything has arrived."""
        return self.status is not None or bool(self._waiting)

    @property
    def body(self) -> str:
        """The excerpt of the body, or of what came instead of HTTP."""
        return bytes(self._body[:BODY_LIMIT]).decode("utf-8", "replace")

    def feed(self, data: bytes) -> None:
        """Take ``data``, which is not empty."""
        self._waiting += data
        while self._waiting and not self.done and self._advance():
            pass

    def end(self) -> None:
        """The stream is at its end."""
        if self.done:
            return
        self.done = True
        self.complete = self.status is not None and self._left is None and not self._chunked

    def _advance(self) -> bool:
        """One step; False when more bytes are needed for the next."""
        if self.not_http:
            return self._take(len(self._waiting))
        if self.status is None:
            return self._read_head()
        if self._chunked:
            return self._read_chunk()
        return self._take(len(self._waiting) if self._left is None else min(self._left, len(self._waiting)))

    def _read_head(self) -> bool:
        if not b"HTTP/".startswith(self._waiting[:5]):
            self._give_up()
            return True
        end = HEAD_END.search(self._waiting)
        if end is None:
            if len(self._waiting) > HEAD_LIMIT:
                self._give_up()
            return self.not_http
        first, *lines = bytes(self._waiting[: end.start()]).split(b"\n")
        match = STATUS_LINE.match(first.rstrip(b"\r"))
        if match is None:
            self._give_up()
            return True
        del self._waiting[: end.end()]
        status = int(match[1])
        if status in INTERIM and status != SWITCHING:
            return True
        self.status = status
        self.headers = tuple(_header(line) for line in lines)
        self._find_length()
        return True

    def _find_length(self) -> None:
        named = {name.lower(): value.lower() for name, value in self.headers}
        if self._head_only or self.status in WITHOUT_BODY:
            self._finish()
        elif "chunked" in named.get("transfer-encoding", ""):
            self._chunked, self._left = True, 0
        elif named.get("content-length", "").isdecimal():
            self._left = int(named["content-length"])
            if self._left == 0:
                self._finish()

    def _read_chunk(self) -> bool:
        if self._left:
            return self._take(min(self._left, len(self._waiting)))
        # The line end behind the data of a chunk comes before the size of the next.
        line, found, rest = bytes(self._waiting).lstrip(b"\r\n").partition(b"\n")
        if not found:
            return False
        try:
            size = int(line.split(b";")[0].strip(), 16)
        except ValueError:
            self.done = True
            return False
        self._waiting = bytearray(rest)
        self._left = size
        if size == 0:
            self._finish()
        return True

    def _take(self, count: int) -> bool:
        self._body += self._waiting[:count]
        del self._waiting[:count]
        if self._left is not None:
            self._left -= count
            if self._left == 0 and not self._chunked:
                self._finish()
        if len(self._body) >= BODY_LIMIT:
            self._finish()
        return not self.done

    def _finish(self) -> None:
        self.done = self.complete = True

    def _give_up(self) -> None:
        self.not_http = True
        self._body += self._waiting[:BODY_LIMIT]
        self._waiting.clear()


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").strip("\r").partition(":")
    return name.strip(), value.strip()
