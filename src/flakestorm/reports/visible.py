"""Hostile text made harmless for a terminal: the invisible is written out, nothing moves the cursor."""

from __future__ import annotations

import unicodedata

_NAMED = {"\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "U+00A0", "\u3000": "U+3000"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, limit: int = 160) -> str:
    """``text`` on one line of at most ``limit`` characters, with control and invisible characters named.

    A cut in the middle is marked with ``…``, so that both ends, where most disturbances sit, stay.
    """
    if len(text) > 4 * limit:
        text = f"{text[: 2 * limit]}…{text[-limit:]}"
    shown = "".join(_shown(character) for character in text)
    if len(shown) <= limit:
        return shown
    tail = limit // 3
    return f"{shown[: limit - tail - 1]}…{shown[-tail:]}"


def _shown(character: str) -> str:
    if character == " " or (character.isprintable() and character not in _NAMED):
        return character
    named = _NAMED.get(character)
    if named:
        return named
    if unicodedata.category(character) in _HIDDEN or character.isspace():
        return f"U+{ord(character):04X}"
    return character
