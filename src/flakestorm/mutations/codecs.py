"""Encodings that people use to disguise text: pure pairs of encode and decode, with what each one loses."""

from __future__ import annotations

import base64
import quopri
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from flakestorm.mutations.codec_alphabets import (
    from_braille,
    from_leet,
    from_morse,
    from_nato,
    to_braille,
    to_leet,
    to_morse,
    to_nato,
)


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoding. ``title`` is its name in a sentence, ``decode`` the way back.

    ``reversible``: decode(encode(text)) == text for every text (for Braille: that has no Braille in it).
    ``keeps_canary``: a canary inside the text can be decoded exactly, because it is all upper case; where
    this is False the canary must stand outside the encoded text.
    """

    name: str
    title: str
    encode: Callable[[str], str]
    decode: Callable[[str], str]
    reversible: bool = True
    keeps_canary: bool = True


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _shifted(shift: int) -> dict[int, int]:
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    moved = lower[shift:] + lower[:shift] + upper[shift:] + upper[:shift]
    return str.maketrans(lower + upper, moved)


def _translation(table: dict[int, int]) -> Callable[[str], str]:
    return lambda text: text.translate(table)


ROT13 = _translation(_shifted(13))
CAESAR = _translation(_shifted(3))
CAESAR_BACK = _translation(_shifted(-3))
ATBASH = _translation(
    str.maketrans(
        string.ascii_letters,
        string.ascii_lowercase[::-1] + string.ascii_uppercase[::-1],
    )
)
ROT47 = _translation({code: 33 + (code - 33 + 47) % 94 for code in range(33, 127)})

ENTITY = re.compile(r"&#x([0-9A-F]+);")
ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")


def _to_base64(text: str) -> str:
    return base64.b64encode(_bytes(text)).decode("ascii")


def _from_base64(text: str) -> str:
    return _text(base64.b64decode(text, validate=True))


def _to_base32(text: str) -> str:
    return base64.b32encode(_bytes(text)).decode("ascii")


def _to_base85(text: str) -> str:
    return base64.b85encode(_bytes(text)).decode("ascii")


def _to_quoted_printable(text: str) -> str:
    """Every byte as ``=XX``; Python's own encoder would leave plain letters readable."""
    return _bytes(text).hex("=").upper().join(("=", "")) if text else ""


def _to_url(text: str) -> str:
    """Every byte as ``%XX``, plain letters too."""
    return "%" + _bytes(text).hex("%").upper() if text else ""


class _Written(dict[int, str]):
    """Code point → how it is written, made when first needed, for ``str.translate``."""

    def __init__(self, write: Callable[[int], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, code: int) -> str:
        written = self[code] = self._write(code)
        return written


ENTITIES = _Written(lambda code: f"&#x{code:X};")
ESCAPES = _Written(lambda code: f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
CHARCODES = _Written(lambda code: f"{code}, ")


def _to_entities(text: str) -> str:
    return text.translate(ENTITIES)


def _from_entities(text: str) -> str:
    # html.unescape would change the references below 160 as browsers do, and so lose characters.
    return ENTITY.sub(lambda match: chr(int(match[1], 16)), text)


def _to_escapes(text: str) -> str:
    return text.translate(ESCAPES)


def _from_escapes(text: str) -> str:
    return ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


BITS = tuple(f"{value:08b}" for value in range(256))
OCTETS = tuple(f"{value:03o}" for value in range(256))


def _to_binary(text: str) -> str:
    return " ".join([BITS[value] for value in _bytes(text)])


def _to_octal(text: str) -> str:
    return " ".join([OCTETS[value] for value in _bytes(text)])


def _from_numbers(base: int) -> Callable[[str], str]:
    return lambda text: _text(bytes(int(number, base) for number in text.split()))


def _to_charcodes(text: str) -> str:
    return text.translate(CHARCODES)[:-2]


def _from_charcodes(text: str) -> str:
    return "".join(chr(int(number)) for number in text.split(",") if number.strip())


def _reversed(text: str) -> str:
    return text[::-1]


CODECS = (
    Codec("base64", "Base64", _to_base64, _from_base64),
    Codec("base32", "Base32", _to_base32, lambda text: _text(base64.b32decode(text))),
    Codec("base85", "Base85", _to_base85, lambda text: _text(base64.b85decode(text))),
    Codec("hex", "hexadecimal", lambda text: _bytes(text).hex(), lambda text: _text(bytes.fromhex(text))),
    Codec("rot13", "ROT13", ROT13, ROT13),
    Codec("rot47", "ROT47", ROT47, ROT47),
    Codec("caesar", "a Caesar cipher with a shift of 3", CAESAR, CAESAR_BACK),
    Codec("atbash", "Atbash", ATBASH, ATBASH),
    Codec("url", "URL encoding", _to_url, lambda text: _text(unquote_to_bytes(text))),
    Codec(
        "quoted_printable",
        "quoted-printable",
        _to_quoted_printable,
        lambda text: _text(quopri.decodestring(text)),
    ),
    Codec("html_entities", "HTML entities", _to_entities, _from_entities),
    Codec("unicode_escapes", "Unicode escapes", _to_escapes, _from_escapes),
    Codec("morse", "Morse code", to_morse, from_morse, reversible=False),
    Codec("braille", "Braille", to_braille, from_braille),
    Codec("nato", "the NATO spelling alphabet", to_nato, from_nato, reversible=False),
    Codec("binary", "binary", _to_binary, _from_numbers(2)),
    Codec("octal", "octal", _to_octal, _from_numbers(8)),
    Codec("charcode", "decimal character codes", _to_charcodes, _from_charcodes),
    Codec("leet", "leetspeak", to_leet, from_leet, reversible=False, keeps_canary=False),
    Codec("reversal", "reversed text", _reversed, _reversed),
)
"""All of them; the order is the order of the operators."""
