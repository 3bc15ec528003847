"""Sessions that were recorded elsewhere, in the form of a session file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Redact = Callable[[str], str]

LONGEST_FAILURE = 1000
"""Characters that are kept of what went wrong; the rest of a stack trace tells nobody more."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Answered:
    """What a tool answered: its name, any JSON value, and how it went."""

    tool: str
    response: Any
    status: int | None = None
    latency_ms: float | None = None

    def to_dict(self, redact: Redact) -> dict[str, Any]:
        """As a session file has it."""
        data: dict[str, Any] = {"tool": redact(self.tool), "response": clean(self.response, redact)}
        if self.status is not None:
            data["status"] = self.status
        if self.latency_ms is not None:
            data["latency_ms"] = round(self.latency_ms, 3)
        return data


@dataclass(frozen=True)
class Imported:
    """One session. ``context`` are earlier messages; ``failed_with`` is what went wrong, or empty."""

    id: str
    input: str
    source: str
    name: str = ""
    captured_at: str = ""
    context: tuple[dict[str, str], ...] = ()
    answered: tuple[Answered, ...] = ()
    failed_with: str = ""

    def to_dict(self, redact: Redact) -> dict[str, Any]:
        """The mapping that is written: everything in it is text of strangers, and redacted."""
        data: dict[str, Any] = {"version": "1.0", "id": redact(clean_text(self.id))}
        texts = {"name": self.name, "source": self.source, "captured_at": self.captured_at}
        data |= {key: redact(clean_text(text)) for key, text in texts.items() if text}
        data["input"] = redact(clean_text(self.input))
        if self.context:
            data["context"] = clean(list(self.context), redact)
        if self.answered:
            data["tool_responses"] = [answer.to_dict(redact) for answer in self.answered]
        if self.failed_with:
            data["expected_failure"] = redact(clean_text(self.failed_with[:LONGEST_FAILURE]))
        return data


def clean(value: Any, redact: Redact) -> Any:
    """Any JSON value without secrets, and without halves of characters, which no file can hold."""
    if isinstance(value, str):
        return redact(clean_text(value))
    if isinstance(value, dict):
        return {redact(clean_text(str(key))): clean(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, redact) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(clean_text(json.dumps(value, default=str)))


def clean_text(text: str) -> str:
    """``text`` with a replacement character for each half of one."""
    return _HALF.sub("\ufffd", text)


def file_stem(id_: str) -> str:
    """The name of a session's file: ``id_`` as far as it can be one."""
    return _NOT_IN_NAMES.sub("-", id_).strip(".-")[:80] or "session"


def milliseconds(start: datetime | None, end: datetime | None) -> float | None:
    """From ``start`` to ``end``, where both are known."""
    return None if start is None or end is None else max(0.0, (end - start).total_seconds() * 1000)
