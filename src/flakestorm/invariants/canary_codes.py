"""Codes that a canary could come back in, undone: Base64, Base32, hex, numbers, Morse and spelling words."""

from __future__ import annotations

import binascii
import re
from base64 import b32decode
from collections.abc import Iterator
from itertools import chain

SHORTEST = 14
"""Characters of the shortest code worth decoding: ten letters and digits in Base64."""

LONGEST_INNER = 10_000
"""Characters up to which decoded text is searched for another code: work must not multiply without end."""

CODE = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST},}}")
URL_SAFE = str.maketrans("-_", "+/")

NATO = (
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november "
    "oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray x yankee zulu"
)
FIGURES = "two three four five six seven eight nine"
SPOKEN = {
    **{word: word[0] for word in NATO.split()},
    **dict(zip(FIGURES.split(), "23456789", strict=True)),
    "niner": "9",
}

MORSE_CODES = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- "
    "--.. ..--- ...-- ....- ..... -.... --... ---.. ----."
)
MORSE = dict(zip(MORSE_CODES.split(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789", strict=True))
MORSE_SIGNS = str.maketrans("·•–—−_", "..----")


def decodings(token: str, depth: int = 2) -> Iterator[tuple[str, str]]:
    """(code, text) for all that ``token`` could be, which may begin with characters outside the code.

    What was encoded twice is decoded twice: a well-known way past filters.
    """
    for how, text in chain(_base64(token), _base32(token), _hex(token), _binary(token)):
        yield how, text
        if depth > 1 and len(text) <= LONGEST_INNER:
            for inner in CODE.findall(text):
                yield from ((f"{how} of {code}", found) for code, found in decodings(inner, depth - 1))


def _base64(token: str) -> Iterator[tuple[str, str]]:
    standard = token.translate(URL_SAFE)
    for skip in range(4):
        code = standard[skip:]
        # One letter over is no byte.
        code = code[: len(code) - (len(code) % 4 == 1)]
        yield "Base64", binascii.a2b_base64(code + "=" * (-len(code) % 4)).decode("latin-1")


def _base32(token: str) -> Iterator[tuple[str, str]]:
    upper = token.upper()
    if re.fullmatch("[A-Z2-7]+", upper):
        for skip in range(8):
            code = upper[skip:]
            # Remainders of 1, 3 and 6 letters are no bytes either.
            code = code[: len(code) - (len(code) % 8 in (1, 3, 6))]
            yield "Base32", b32decode(code + "=" * (-len(code) % 8)).decode("latin-1")


def _hex(token: str) -> Iterator[tuple[str, str]]:
    if re.fullmatch("[0-9A-Fa-f]+", token):
        for skip in range(2):
            code = token[skip:]
            yield "hex", bytes.fromhex(code[: len(code) // 2 * 2]).decode("latin-1")


def _binary(token: str) -> Iterator[tuple[str, str]]:
    if re.fullmatch("[01]+", token):
        for skip in range(8):
            yield "binary", numbers([token[at : at + 8] for at in range(skip, len(token), 8)], 2)


def numbered(words: list[str]) -> Iterator[tuple[str, str]]:
    """(code, text) for character codes written as a row of numbers."""
    if all(re.fullmatch("[01]{7,8}", word) for word in words):
        yield "binary", numbers(words, 2)
    if all(word.isdecimal() for word in words):
        yield "character codes", numbers(words, 10)
    yield "hex", numbers(words, 16)


def numbers(words: list[str], base: int) -> str:
    """The text whose character codes are ``words``; what is no character is left out."""
    codes = (int(word, base) for word in words)
    return "".join(chr(code) for code in codes if 0 < code < 0x110000)


def spoken(words: list[str]) -> str:
    """Spelling words (Foxtrot, Sierra, seven …) to letters; other words are left out."""
    return "".join(SPOKEN.get(word.lower(), "") for word in words)


def morse(text: str) -> str:
    """Morse code, the letters of which are separated by spaces or slashes, to letters."""
    return "".join(MORSE.get(code, "") for code in re.split(r"[\s/|]+", text.translate(MORSE_SIGNS)))
