"""The ways to read a reply in which a canary could hide: as written, unescaped, decoded, spelled out.

Each reading is plain upper-case letters and digits, with the span of the reply that each one comes from.
A reading is only made when something cheap says that it could show anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flakestorm.invariants.canary_codes import CODE, SHORTEST, decodings, morse, numbered, spoken
from flakestorm.invariants.canary_letters import LOOK_ALIKE_BYTES, PLAIN

FOLDED = bytes(ord((PLAIN[byte] or " ")[0]) for byte in range(256))
"""Latin-1 to plain letters, blank for the rest."""
NO_LETTER = bytes(byte for byte in range(256) if FOLDED[byte] == ord(" "))
ASCII = bytes(range(128))
NO_ASCII_LETTER = bytes(byte for byte in range(256) if byte > 127 or byte in NO_LETTER)
IN_CODE = bytes(ord("a") if CODE.match(chr(byte) * SHORTEST) else ord(" ") for byte in range(256))
RUN = b"a" * SHORTEST
DIGITS = b"0123456789"

INNER = (
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,16});|"
    r"\\u\{?[0-9A-Fa-f]{4,6}\}?|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}"
)
ESCAPE = re.compile(INNER + "|<[^<>]{0,80}>")
ESCAPE_IN_TAGS = re.compile(INNER)
"""What stands between < and > may be no tag."""
PREFIX = r"(?:0[xb]|U\+|\\[ux]|&#)?"
NUMBER = re.compile(PREFIX + "([0-9A-Fa-f]{2,8})")
NUMBERS = re.compile(rf"(?:{PREFIX}[0-9A-Fa-f]{{2,8}}[^0-9A-Za-z]{{1,3}}){{7,}}{PREFIX}[0-9A-Fa-f]{{2,8}}")
IN_NUMBERS = bytes(
    ord(" ") if chr(byte) in "ghijklmnopqrstvwyzGHIJKLMNOPQRSTVWYZ" else ord("a") for byte in range(256)
)
ROW = b"a" * 23
"""Eight numbers of two figures and seven separators: no letter beyond F, except those of prefixes."""
FEWEST_DIGITS = 8
"""Digits in the shortest row of numbers: each of the canary's eight letters has at least one."""

FEWEST_DASHES = 4
"""Morse code of fewer dashes would be a canary of almost nothing but E, I, S, H and 5."""

SPELLED = re.compile(r"[A-Za-z]+")
SIGN = r"[.\-·•–—−_]"
IN_MORSE = bytes(
    ord("a") if bytes([byte]) in ".-·•–—−_/| \t\r\n".encode() else ord(" ") for byte in range(256)
)
SIGNS = b"a" * 15
"""Eight letters in Morse code and the blanks between them."""
MORSE = re.compile(rf"(?<!{SIGN}){SIGN}{{1,6}}(?:[\s/|]{{1,5}}{SIGN}{{1,6}}){{7,}}")


@dataclass(frozen=True, slots=True)
class Reading:
    """``letters[i]`` comes from ``spans[i]`` of the reply; ``how`` is empty for the text as written."""

    letters: str
    spans: list[tuple[int, int]]
    how: str


def may_be_written(reply: str, needles: tuple[bytes, ...]) -> bool:
    """Could one of ``needles`` (plain letters) stand in ``reply``, whatever is between its letters?

    Never False where ``as_written`` would show one. Microseconds for 2,000 characters of English.
    """
    try:
        letters = reply.encode("latin-1").translate(FOLDED, NO_LETTER)
    except UnicodeEncodeError:
        raw = reply.encode("utf-8", "replace")
        beyond_ascii = raw.translate(None, ASCII)
        if any(lead in beyond_ascii for lead in LOOK_ALIKE_BYTES):
            letters = reply.translate(PLAIN).encode("ascii")
        else:
            letters = raw.translate(FOLDED, NO_ASCII_LETTER)
    return any(needle in letters for needle in needles)


def as_written(reply: str) -> Reading:
    """Every character for what it looks like."""
    return _reading([(index, index + 1, char) for index, char in enumerate(reply)], "")


def other_readings(reply: str, needles: tuple[bytes, ...]) -> Iterator[Reading]:
    """Everything that can be decoded in ``reply`` and could show one of ``needles``."""
    if "%" in reply or "&" in reply or "\\" in reply or "<" in reply:
        for escape in (ESCAPE, ESCAPE_IN_TAGS) if "<" in reply else (ESCAPE,):
            # Reading letter by letter is slow, so first see whether it is worth it.
            text = escape.sub(lambda match: _unescape(match.group()), reply)
            if text != reply and may_be_written(text, needles):
                yield _unescaped(reply, escape)
    raw = reply.encode("utf-8", "replace")
    classes = raw.translate(IN_CODE)
    if RUN in classes:
        yield from _decoded(reply, raw, classes + b" ")
    if ROW in raw.translate(IN_NUMBERS) and len(raw) - len(raw.translate(None, DIGITS)) >= FEWEST_DIGITS:
        yield from _numbered(reply)
    # Lower-casing the whole reply would take as long as all of this.
    if b"oxtrot" in raw or b"OXTROT" in raw:
        yield _spelled(reply)
    if (raw.count(b"-") >= FEWEST_DASHES or not reply.isascii()) and SIGNS in raw.translate(IN_MORSE):
        for match in MORSE.finditer(reply):
            yield _as_one(match.span(), morse(match.group()), "Morse code")


def _reading(pieces: list[tuple[int, int, str]], how: str) -> Reading:
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    for start, end, text in pieces:
        for char in text:
            for letter in PLAIN[ord(char)]:
                letters.append(letter)
                spans.append((start, end))
    return Reading("".join(letters), spans, how)


def _as_one(span: tuple[int, int], text: str, how: str) -> Reading:
    """The reading of a code that is ``text`` as a whole; codes can be long, so letters are found in bulk."""
    try:
        letters = text.encode("latin-1").translate(FOLDED, NO_LETTER).decode("ascii")
    except UnicodeEncodeError:
        letters = text.translate(PLAIN)
    return Reading(letters, [span] * len(letters), how)


def _unescaped(reply: str, escape: re.Pattern[str]) -> Reading:
    pieces: list[tuple[int, int, str]] = []
    done = 0
    for match in escape.finditer(reply):
        pieces += [(index, index + 1, reply[index]) for index in range(done, match.start())]
        pieces.append((*match.span(), _unescape(match.group())))
        done = match.end()
    pieces += [(index, index + 1, reply[index]) for index in range(done, len(reply))]
    return _reading(pieces, "escapes")


def _unescape(escape: str) -> str:
    if escape[0] == "<":
        return ""
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    code = int(escape[2:].strip("{}"), 16)
    return chr(code) if code < 0x110000 else ""


def _decoded(reply: str, raw: bytes, classes: bytes) -> Iterator[Reading]:
    seen = 0
    start = classes.find(RUN)
    while start >= 0:
        end = classes.index(b" ", start)
        token = raw[start:end]
        words = token.translate(None, b"-/_+")
        # A long word, or several joined by hyphens: no code is lower-case letters only.
        if not (words.isalpha() and words[1:].islower()):
            text = token.decode("ascii")
            at = reply.index(text, seen)
            seen = at + len(text)
            for how, decoded in decodings(text):
                yield _as_one((at, seen), decoded, how)
        start = classes.find(RUN, end)


def _numbered(reply: str) -> Iterator[Reading]:
    for match in NUMBERS.finditer(reply):
        for how, text in numbered(NUMBER.findall(match.group())):
            yield _as_one(match.span(), text, how)


def _spelled(reply: str) -> Reading:
    return _reading([(*m.span(), spoken([m.group()])) for m in SPELLED.finditer(reply)], "spelling words")
