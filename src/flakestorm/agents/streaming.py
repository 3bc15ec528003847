"""Server-sent events and JSON lines, cut into their events while the bytes arrive."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from flakestorm.agents.transport_errors import AnswerFailed
from flakestorm.model.outcome import ErrorKind

LINE_END = re.compile(r"\r\n|\n|\r")
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event: its name (empty where the stream gives none) and its data."""

    name: str
    data: str


class Frames(Protocol):
    """Bytes ► events."""

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """The events that ``chunk`` completes. Raises ``AnswerFailed`` where it is not UTF-8."""
        ...

    def end(self) -> Iterator[StreamEvent]:
        """The event that the end of the stream leaves unfinished, if any."""
        ...


class Lines:
    """Bytes ► lines, whatever ends them and however the chunks fall."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._partial: list[str] = []
        self._held_return = False
        self._decoded = 0

    def feed(self, chunk: bytes, final: bool = False) -> list[str]:
        """The lines that ``chunk`` completes, without their ends."""
        text = self._decode(chunk, final)
        if self._held_return:
            text = "\r" + text
        # A carriage return at the very end may be the first half of CR LF: wait for the other half.
        self._held_return = text.endswith("\r") and not final
        if self._held_return:
            text = text[:-1]
        *complete, rest = LINE_END.split(text)
        if complete:
            complete[0] = "".join([*self._partial, complete[0]])
            self._partial = []
        if rest:
            self._partial.append(rest)
        return complete

    def end(self) -> list[str]:
        """The lines left at the end of the stream, the last of them without an end."""
        lines = self.feed(b"", final=True)
        if self._partial:
            lines.append("".join(self._partial))
            self._partial = []
        return lines

    def _decode(self, chunk: bytes, final: bool) -> str:
        waiting = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            offset = self._decoded - waiting + error.start
            raise AnswerFailed(
                ErrorKind.BAD_REPLY, f"the stream is not UTF-8 (byte {offset}: {error.reason})"
            ) from None
        if self._decoded == 0:
            text = text.removeprefix(BOM)
        self._decoded += len(chunk)
        return text


class ServerSentEvents:
    """The ``text/event-stream`` format of the HTML standard; an event that the end cuts off still counts."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """The events that ``chunk`` completes."""
        for line in self._lines.feed(chunk):
            yield from self._take(line)

    def end(self) -> Iterator[StreamEvent]:
        """The last event, if no blank line ended it."""
        for line in [*self._lines.end(), ""]:
            yield from self._take(line)

    def _take(self, line: str) -> Iterator[StreamEvent]:
        if not line:
            if self._data:
                yield StreamEvent(self._name, "\n".join(self._data))
            self._name, self._data = "", []
            return
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "data":
            self._data.append(value)
        elif key == "event":
            self._name = value


class JsonLines:
    """One JSON value a line; blank lines keep the connection alive and mean nothing."""

    def __init__(self) -> None:
        self._lines = Lines()

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """The lines that ``chunk`` completes."""
        return _not_blank(self._lines.feed(chunk))

    def end(self) -> Iterator[StreamEvent]:
        """The last line, if no line end came."""
        return _not_blank(self._lines.end())


def _not_blank(lines: list[str]) -> Iterator[StreamEvent]:
    return (StreamEvent("", line) for line in lines if line.strip())
