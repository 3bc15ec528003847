"""The codecs: known values, exact ways back, and honest losses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.mutations.codecs import CODECS, Codec

BY_NAME = {codec.name: codec for codec in CODECS}
REVERSIBLE = [pytest.param(codec, id=codec.name) for codec in CODECS if codec.reversible]
EXACT = [pytest.param(codec, id=codec.name) for codec in CODECS if codec.keeps_canary]
NOT_BRAILLE = st.text(st.characters(exclude_categories=["Cs"]).filter(lambda char: not "⠀" <= char <= "⣿"))

KNOWN = [
    ("base64", "Hi, é!", "SGksIMOpIQ=="),
    ("base32", "Hi, é!", "JBUSYIGDVEQQ===="),
    ("base85", "Hello", "NM&qnZv"),
    ("hex", "Hi é", "486920c3a9"),
    ("rot13", "Hello, World 42", "Uryyb, Jbeyq 42"),
    ("rot47", "Hi 42!", "w: caP"),
    ("caesar", "xyz ABC", "abc DEF"),
    ("atbash", "Abc xyZ", "Zyx cbA"),
    ("url", "a b?é", "%61%20%62%3F%C3%A9"),
    ("quoted_printable", "a=é", "=61=3D=C3=A9"),
    ("html_entities", "a<é😀", "&#x61;&#x3C;&#xE9;&#x1F600;"),
    ("unicode_escapes", "aé😀", "\\u0061\\u00e9\\U0001f600"),
    ("morse", "Sos, 2 é", "... --- ... --..-- / ..--- / ."),
    ("braille", "Ab 12c, d3a", "⠠⠁⠃ ⠼⠁⠃⠰⠉⠂ ⠙⠼⠉⠰⠁"),
    ("nato", "Hi 42", "Hotel India, Four Two"),
    ("binary", "Hi", "01001000 01101001"),
    ("octal", "Hi", "110 151"),
    ("charcode", "Hé😀", "72, 233, 128512"),
    ("leet", "Elite text", "3l173 73x7"),
    ("reversal", "Hi é!", "!é iH"),
]


def test_every_codec_has_a_known_value() -> None:
    """The table below misses none."""
    assert [name for name, _, _ in KNOWN] == [codec.name for codec in CODECS]


@pytest.mark.parametrize(("name", "text", "code"), KNOWN, ids=[name for name, _, _ in KNOWN])
def test_known_value(name: str, text: str, code: str) -> None:
    """The code is what the rest of the world calls by this name."""
    assert BY_NAME[name].encode(text) == code


@pytest.mark.parametrize("codec", REVERSIBLE)
@settings(max_examples=40, deadline=None)
@given(text=NOT_BRAILLE)
def test_reversible_codecs_give_the_text_back(codec: Codec, text: str) -> None:
    """Any Unicode text survives the way there and back."""
    assert codec.decode(codec.encode(text)) == text


@pytest.mark.parametrize("codec", EXACT)
def test_the_canary_survives(codec: Codec) -> None:
    """Where a codec says so, the canary inside a text can be read off exactly."""
    code = codec.encode("Reply with FS-7Q4M-K2XD and nothing else.")
    assert "FS-7Q4M-K2XD" in codec.decode(code)


def test_lossy_codecs_say_so() -> None:
    """Case and accents are lost in Morse and NATO, the digits in leetspeak."""
    lossy = [codec for codec in CODECS if not codec.reversible]
    assert [codec.name for codec in lossy] == ["morse", "nato", "leet"]
    assert [codec.decode(codec.encode("Café at 7")) for codec in lossy] == [
        "CAFE AT 7",
        "CAFE AT 7",
        "Café at t",
    ]


def test_unknown_characters_stand_for_themselves() -> None:
    """Morse and NATO pass on what they have no code for."""
    assert BY_NAME["morse"].encode("a 好") == ".- / 好"
    assert BY_NAME["nato"].decode(BY_NAME["nato"].encode("ok 好!")) == "OK 好!"


def test_empty_text_stays_empty() -> None:
    """Nothing encodes to nothing."""
    assert {codec.encode("") for codec in CODECS} == {""}
