"""JSON as it crosses the wire, and the parts of a request that every format takes apart alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flakestorm.testing.refused import Refused


def encoded(value: Any) -> bytes:
    """``value`` as compact JSON in UTF-8, as the providers send it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair has no UTF-8; its backslash escape is what JSON calls it too.
    return text.encode("utf-8", "backslashreplace")


def json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in ``raw``. Raises ``Refused``."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "We could not parse the JSON body of your request: it must be a JSON object.")
    return body


def objects(entries: Any, place: str) -> list[dict[str, Any]]:
    """``entries``, which must be a list of JSON objects. Raises ``Refused``."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused(400, f"Invalid type for '{place}': expected an array of objects.", place)
    return entries


def text_of(content: Any, place: str, kinds: Sequence[str] = ("text",)) -> str:
    """The text of a content: a string, nothing, or parts of which those of the ``kinds`` count.

    Raises ``Refused``.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part.get("text", "")) for part in content if part.get("type") in kinds)
    raise Refused(
        400,
        f"Invalid type for '{place}': expected a string or an array of objects.",
        place,
        "invalid_type",
    )


def arguments_of(text: Any) -> dict[str, Any]:
    """The arguments in a tool call's JSON text.

    The model wrote them, so whatever an agent sends back is taken: what is no object counts as none.
    """
    try:
        arguments = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}
