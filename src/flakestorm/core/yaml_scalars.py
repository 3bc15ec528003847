"""What an unquoted YAML word means, by the core schema of YAML 1.2.

PyYAML follows YAML 1.1, where ``on`` and ``no`` are booleans, ``12:30`` is a number and ``2026-02-15`` a
date; in a configuration that has a key called ``on`` those are traps.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

TAG_PREFIX = "tag:yaml.org,2002:"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float("inf") for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **{f"-{word}": float("-inf") for word in (".inf", ".Inf", ".INF")},
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400
"""Longer ones stay text: Python refuses integers of more than 4,300 digits, and no setting has that many."""


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar: null, a boolean, a number, or else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag such as ``!!str``. Raises ``ValueError`` if it has none."""
    kind = tag.removeprefix(TAG_PREFIX)
    if tag == "!" or kind == "str":
        return text
    value = plain(text)
    kinds: dict[str, type] = {"int": int, "bool": bool, "null": type(None)}
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in kinds and type(value) is kinds[kind]:
        return value
    if kind in {*kinds, "float"}:
        raise ValueError(f"{text[:60]!r} is not a YAML {kind}")
    raise ValueError(f"the tag {tag[:60]!r} is not supported; remove it")
