"""An HTTP answer's body, read within its limits and turned into the reply."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import orjson

from flakestorm.agents.http_answer import Answer
from flakestorm.agents.stream_text import StreamText
from flakestorm.agents.streaming import Frames, JsonLines, ServerSentEvents
from flakestorm.agents.transport_errors import TRANSPORT_ERRORS, AnswerFailed
from flakestorm.model.outcome import ErrorKind

EXCERPT = 2000
"""Characters of a body that go into an error's detail."""

DRAIN_S = 0.5

FRAMES: dict[str, Callable[[], Frames]] = {
    "text/event-stream": ServerSentEvents,
    "application/x-ndjson": JsonLines,
    "application/ndjson": JsonLines,
    "application/jsonl": JsonLines,
    "application/x-jsonlines": JsonLines,
    "application/stream+json": JsonLines,
}
UTF8 = frozenset({None, "utf-8", "utf8"})
BY_NAME: dict[str, Callable[[], Frames]] = {"sse": ServerSentEvents, "ndjson": JsonLines}


@dataclass(slots=True)
class Progress:
    """How far an answer has come; the only thing left of it when it fails half way.

    ``started``, ``first_byte`` and ``finished`` are readings of the performance counter in seconds; the last
    is only set where the reply was complete before the connection was done with. ``attempts`` is 2
    where the first one found its connection closed.
    """

    started: float
    status: int | None = None
    first_byte: float | None = None
    finished: float | None = None
    bytes: int = 0
    attempts: int = 1

    def __str__(self) -> str:
        if self.status is None:
            return " (no headers came)"
        return f" (status {self.status} and {self.bytes:,} bytes came)"


class ReplyReader:
    """Reads answers as the configuration says.

    ``limit`` is in bytes after decompression. ``stream`` is auto, sse, ndjson or off. ``find`` takes the
    reply out of a parsed JSON answer; ``path`` is where it is in each event of a stream. With
    ``json_only`` an answer that is not JSON is an error, whatever its content type.
    """

    def __init__(
        self,
        limit: int,
        stream: str,
        find: Callable[[Any], str],
        path: str | None = None,
        json_only: bool = False,
    ) -> None:
        self._limit = limit
        self._stream = stream
        self._find = find
        self._path = path
        self._json_only = json_only

    async def read(self, response: Answer, progress: Progress) -> str:
        """The reply. Raises ``AnswerFailed``, ``NoReply`` and what ``Answer.read`` raises."""
        content_type = response.content_type
        frames = FRAMES.get(content_type) if self._stream == "auto" else BY_NAME.get(self._stream)
        if frames is not None:
            return await self._read_stream(response, progress, frames())
        body = await self._read_body(response, progress)
        return self._reply_in(body, content_type, response.charset)

    async def _read_body(self, response: Answer, progress: Progress) -> bytes:
        body = await response.read()
        progress.first_byte = perf_counter()
        self._count(body, progress)
        if response.at_end():
            return body
        pieces = [body]
        while piece := await response.read():
            self._count(piece, progress)
            pieces.append(piece)
        return b"".join(pieces)

    async def _read_stream(self, response: Answer, progress: Progress, frames: Frames) -> str:
        text = StreamText(self._path)
        while chunk := await response.read():
            if progress.first_byte is None:
                progress.first_byte = perf_counter()
            self._count(chunk, progress)
            for event in frames.feed(chunk):
                text.add(event)
                if text.done:
                    progress.finished = perf_counter()
                    await _drain(response)
                    return without_surrogates(text.text())
        for event in frames.end():
            text.add(event)
        return without_surrogates(text.text())

    def _count(self, piece: bytes, progress: Progress) -> None:
        progress.bytes += len(piece)
        if progress.bytes > self._limit:
            raise AnswerFailed(
                ErrorKind.TOO_LARGE,
                f"the reply is larger than agent.max_reply_bytes ({self._limit:,} bytes)",
            )

    def _reply_in(self, body: bytes, content_type: str, charset: str | None) -> str:
        said_json = content_type.endswith(("/json", "+json"))
        if not (self._json_only or said_json or body.startswith((b"{", b"["))):
            return decode(body, charset)
        try:
            value = _parse_json(body, charset)
        except (ValueError, RecursionError) as error:
            if self._json_only or (said_json and body.strip()):
                raise _not_json(error, body, said_json) from None
            return decode(body, charset)
        return without_surrogates(self._find(value))


async def _drain(response: Answer) -> None:
    """Let the agent finish an answer whose end mark has come.

    Hanging up at the mark would cancel what it still does then, such as saving the conversation.
    """

    # Not wait_for: before Python 3.12 it can swallow a cancellation.
    draining = asyncio.create_task(_read_away(response))
    try:
        await asyncio.wait({draining}, timeout=DRAIN_S)
    finally:
        draining.cancel()


async def _read_away(response: Answer) -> None:
    try:
        while await response.read():
            pass
    except TRANSPORT_ERRORS:
        # The reply is complete; how the connection ends does not change it.
        pass


def _parse_json(body: bytes, charset: str | None) -> Any:
    if charset in UTF8:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    # The standard library also reads NaN and lone surrogates, as most clients of an agent do.
    return json.loads(decode(body, charset))


def without_surrogates(text: str) -> str:
    """``text`` with surrogate pairs joined and lone ones replaced, so that it can be stored and shown."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _not_json(error: Exception, body: bytes, said_json: bool) -> AnswerFailed:
    why = "its content type says it is" if said_json else "the reply can only be found in JSON"
    return AnswerFailed(
        ErrorKind.BAD_REPLY,
        f"the answer is not JSON ({error}), but {why}",
        body[: EXCERPT * 4].decode("utf-8", "replace")[:EXCERPT],
    )


def decode(body: bytes, charset: str | None) -> str:
    """``body`` as text in the declared ``charset``, else UTF-8. Raises ``AnswerFailed`` with the offset."""
    name = charset or "utf-8"
    try:
        codec = codecs.lookup(name).name
        return body.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError as error:
        raise AnswerFailed(
            ErrorKind.BAD_REPLY,
            f"the answer is not {name} (byte {error.start}: {error.reason})",
            body[: EXCERPT * 4].decode("utf-8", "replace")[:EXCERPT],
        ) from None
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        raise AnswerFailed(ErrorKind.BAD_REPLY, f"the answer declares the unknown charset {name!r}") from None
