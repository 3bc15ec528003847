"""What agent code returned, of whatever type, becomes the text of the reply."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flakestorm.agents.reply_path import NoReply, reply_from_value

DEEPEST = 40


class TooLarge(Exception):
    """The agent's reply is larger than the limit; the message says so in one line."""


def reply_text(value: Any, path: str | None = None) -> str:
    """The reply in ``value``: a text, bytes (UTF-8), a dict or list, or an object with ``content``.

    ``path`` is the configured ``response_path``. Raises ``NoReply`` with a line that says what is wrong.
    """
    if value is None:
        raise NoReply("the agent returned None. Is a return missing?")
    plain = as_plain(value)
    if isinstance(plain, bool | int | float):
        plain = str(plain)
    if isinstance(plain, str | Mapping | list):
        return _sound(reply_from_value(plain, None if isinstance(plain, str) else path))
    raise NoReply(
        f"the agent returned {type(value).__name__}, which is not a reply. Accepted: a text, UTF-8 bytes, "
        "a dict or list, an object with 'content', or a generator of these"
    )


def as_plain(value: Any, depth: int = 0) -> Any:
    """``value`` with models, dataclasses, messages, tuples and bytes turned into what JSON knows."""
    if depth > DEEPEST or value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes | bytearray):
        return _decoded(bytes(value))
    if isinstance(value, Mapping):
        return {str(key): as_plain(held, depth + 1) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(item, depth + 1) for item in value]
    fields = _fields(value)
    return value if fields is None else as_plain(fields, depth + 1)


def _fields(value: Any) -> Any:
    """The fields of a pydantic model or dataclass, the content of a message; None for anything else."""
    if callable(getattr(value, "model_dump", None)) and not isinstance(value, type):
        return value.model_dump()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    content = getattr(value, "content", None)
    return None if callable(content) else content


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoReply(
            f"the agent returned bytes that are not UTF-8: {error.reason} at {error.start}"
        ) from None


def _sound(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise NoReply(f"the reply holds half a surrogate pair (U+{code:04X}) at {error.start}") from None
    return text


def size_of(text: str) -> int:
    """Bytes of ``text`` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def check_size(size: int, limit: int) -> None:
    """Raise ``TooLarge`` when ``size`` bytes are more than ``limit``."""
    if size > limit:
        raise TooLarge(
            f"the reply has {size:,} bytes or more; the limit is {limit:,} (agent.max_reply_bytes)"
        )
