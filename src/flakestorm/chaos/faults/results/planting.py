"""Puts a text into a result, where a reader of the result will read it, and keeps the result's shape."""

from __future__ import annotations

from typing import Any

DEEPEST = 50

Path = tuple[Any, ...]


def with_added(value: Any, text: str) -> Any:
    """``text`` behind the longest text in ``value``; in a field of its own where there is no text."""
    return _planted(value, text, replace=False)


def with_instead(value: Any, text: str) -> Any:
    """``text`` in the place of the longest text in ``value``."""
    return _planted(value, text, replace=True)


def _planted(value: Any, text: str, replace: bool) -> Any:
    found = max(_texts(value, ()), key=lambda entry: len(entry[1]), default=None)
    if found is not None:
        return _put(value, found[0], text if replace else f"{found[1]}\n\n{text}" if found[1] else text)
    if isinstance(value, dict):
        return {**value, "note": text}
    return [*value, text] if isinstance(value, list) else {"value": value, "note": text}


def _texts(value: Any, path: Path) -> list[tuple[Path, str]]:
    """(where, text) of every text that is meant to be read, in their order."""
    if isinstance(value, str):
        return [] if value.startswith(("http://", "https://")) else [(path, value)]
    if len(path) >= DEEPEST:
        return []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [entry for key, item in pairs for entry in _texts(item, (*path, key))]


def _put(value: Any, path: Path, text: str) -> Any:
    if not path:
        return text
    key, *rest = path
    inner = _put(value[key], tuple(rest), text)
    if isinstance(value, dict):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]
