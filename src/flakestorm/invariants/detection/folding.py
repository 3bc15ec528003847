"""Makes spellings that differ only in typography alike, character by character, so that places stay true."""

from __future__ import annotations

CASED = range(0xC0, 0x530)
"""Latin, Greek and Cyrillic: their capitals have not changed since any Unicode version that is in use.

Later additions would be folded by one twin and not by the other.
"""

_STRAIGHT = {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"'}
_SPACES = dict.fromkeys("\u00a0\u2002\u2003\u2009\u200a\u202f\u3000", " ")

FOLDS = {
    **{code: chr(code).lower() for code in CASED if len(chr(code).lower()) == 1},
    **{code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)},
    **{ord(char): plain for char, plain in (_STRAIGHT | _SPACES).items()},
}


def fold(text: str) -> str:
    """``text`` in lower case, with straight quotes and plain spaces; as many characters as before."""
    return text.lower() if text.isascii() else text.translate(FOLDS)
