"""JSON bytes for any text an agent may send: fast for the usual, correct for what the fast way refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson


def json_bytes(value: Any) -> bytes:
    """``value`` as compact UTF-8 JSON on one line.

    Half a surrogate pair and integers beyond 64 bits are legal in Python and refused by orjson; those
    take the standard library, which escapes everything outside ASCII. NaN and infinities become null.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(_finite(value), separators=(",", ":")).encode("ascii")


def json_value(text: bytes) -> Any:
    """The value of ``text``, as ``json_bytes`` or any other program wrote it.

    Raises ``json.JSONDecodeError``, with line and column, on anything that is not JSON in UTF-8.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Escaped halves of surrogate pairs are legal JSON that orjson refuses.
        if "surrogate" not in error.msg:
            raise
        return json.loads(text)


def _finite(value: Any) -> Any:
    """``value`` with null for NaN and the infinities, as orjson has it: JSON knows neither."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
