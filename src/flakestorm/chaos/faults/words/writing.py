"""Writes documents as bodies: server-sent events, lines, lists."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.failure import json_bytes

EVENT_STREAM = "text/event-stream; charset=utf-8"


def event_bytes(document: Any, named: bool, newline: bytes = b"\n") -> bytes:
    """One server-sent event; with its type in a line of its own where ``named``."""
    name = b"event: " + str(document["type"]).encode() + newline if named else b""
    return name + b"data: " + json_bytes(document) + newline * 2


def event_stream(
    documents: Iterable[Any],
    named: bool = False,
    end: bytes = b"",
    newline: bytes = b"\n",
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """A whole stream of server-sent events."""
    body = b"".join(event_bytes(document, named, newline) for document in documents) + end
    return Answer(200, (("content-type", EVENT_STREAM), *headers), body)


def object_of(data: bytes) -> dict[str, Any] | None:
    """The JSON object in ``data``, or None."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def words_in(text: str) -> int:
    """About how many tokens ``text`` has: the made-up usage grows with the text."""
    return len(text) // 4 + bool(text)
