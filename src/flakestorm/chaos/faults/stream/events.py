"""Cuts a streamed body into its events, whatever pieces it arrives in; together they are the body again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Form = Literal["", "sse", "lines", "list"]
"""Server-sent events, a JSON object a line, or one JSON list. "" is not known yet."""

_BOUNDARY = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NEXT_IN_LIST = re.compile(rb'[{}\[\]"]')
_STRING_END = re.compile(rb'["\\]')


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it came. ``data`` is its payload, empty for comments and blank lines."""

    raw: bytes
    data: bytes
    form: Form

    def with_data(self, data: bytes) -> bytes:
        """The event's bytes with another payload of one line; all else stays as it is."""
        if self.form != "sse":
            start = self.raw.find(self.data) if self.data else 0
            return self.raw[:start] + data + self.raw[start + len(self.data) :]
        lines = _lines(self.raw)
        first = next((n for n, (line, _) in enumerate(lines) if line.startswith(b"data")), None)
        if first is None:
            return self.raw
        made = [
            (b"data: " + data if n == first else line) + end
            for n, (line, end) in enumerate(lines)
            if n == first or not line.startswith(b"data")
        ]
        return b"".join(made)


class Events:
    """Takes the body piece by piece. The form is told by its first character."""

    def __init__(self) -> None:
        self.form: Form = ""
        self._buffer = bytearray()
        self._scanned = 0
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that are complete with ``data``."""
        self._buffer += data
        self.form = self.form or _form(self._buffer)
        while self.form:
            end = self._end()
            if end is None:
                return
            yield self._taken(end)

    def rest(self) -> bytes:
        """What came after the last complete event."""
        left = bytes(self._buffer)
        self._buffer.clear()
        return left

    def _taken(self, end: int) -> Event:
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._scanned = 0
        return Event(raw, _payload(raw, self.form), self.form)

    def _end(self) -> int | None:
        """Where the first event in the buffer ends; None when more has to come."""
        if self.form == "list":
            return self._list_end()
        pattern = _BOUNDARY if self.form == "sse" else _LINE_END
        found = pattern.search(self._buffer, max(0, self._scanned - 3))
        if found is None or (found.end() == len(self._buffer) and self._buffer.endswith(b"\r")):
            # A carriage return may be half of a line end.
            self._scanned = len(self._buffer)
            return None
        return found.end()

    def _list_end(self) -> int | None:
        """An element ends where its braces are balanced; the comma before it is part of its bytes."""
        place = self._scanned
        while True:
            pattern = _STRING_END if self._in_string else _NEXT_IN_LIST
            found = pattern.search(self._buffer, place)
            if found is None or (found[0] == b"\\" and found.end() == len(self._buffer)):
                self._scanned = len(self._buffer) if found is None else found.start()
                return None
            place = found.end()
            if found[0] == b"\\":
                place += 1
            elif found[0] == b'"':
                self._in_string = not self._in_string
            elif found[0] in b"{[":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 1:
                    return place
            self._scanned = place


def _form(body: bytearray) -> Form:
    start = bytes(body[:64]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start:
        return ""
    return {b"[": "list", b"{": "lines"}.get(start, "sse")  # type: ignore[return-value] # the literals of Form


def _payload(raw: bytes, form: Form) -> bytes:
    if form == "sse":
        found = [line[5:].removeprefix(b" ") for line, _ in _lines(raw) if line.startswith(b"data:")]
        return b"\n".join(found)
    return raw.strip() if form == "lines" else raw[raw.find(b"{") :] if b"{" in raw else b""


def _lines(raw: bytes) -> list[tuple[bytes, bytes]]:
    """(line, its end) in their order."""
    found, start = [], 0
    for match in _LINE_END.finditer(raw):
        found.append((raw[start : match.start()], match[0]))
        start = match.end()
    return [*found, (raw[start:], b"")] if start < len(raw) else found
