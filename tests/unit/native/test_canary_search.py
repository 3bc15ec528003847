"""Both twins of the canary search find the same places, in hostile and in random text."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flakestorm.invariants.canary_letters import PLAIN
from flakestorm.invariants.canary_search import Hit, spans

Search = Callable[[str, str], list[Hit]]

CORE = "7Q4MK2XD"
CANARY = "FS-7Q4M-K2XD"
PLAIN_CANARY = CANARY.replace("-", "")
MORSE = "..-. ... --... --.- ....- -- -.- ..--- -..- -.."
SPOKEN = "Foxtrot sierra seven quebec FOUR mike kilo two x-ray delta"
ROT13 = str.maketrans("FSQMKXD", "SFDZXKQ")


@pytest.fixture(params=["python", "native"])
def search(request: pytest.FixtureRequest) -> Search:
    """One of the twins."""
    if request.param == "python":
        return spans
    extension = pytest.importorskip("flakestorm_rust", reason="the extension is not installed")
    found: Search = extension.CanarySearch(PLAIN, html.unescape).spans
    return found


def _numbers(text: str, form: str, between: str) -> str:
    return between.join(format(ord(character), form) for character in text)


DISGUISES: tuple[tuple[Callable[[str], str], str], ...] = (
    (str, ""),
    (str.lower, ""),
    (" ".join, ""),
    ("\u200b".join, ""),
    (lambda text: text.replace("K", "К").replace("M", "Ｍ").replace("X", "𝐗"), ""),
    (lambda text: text[::-1], "reversed"),
    (lambda text: text.translate(ROT13), "ROT13"),
    (lambda text: base64.b64encode(text.encode()).decode(), "Base64"),
    (lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(), "Base64 of Base64"),
    (lambda text: base64.b32encode(text.encode()).decode(), "Base32"),
    (lambda text: text.encode().hex(), "hex"),
    (lambda text: text.encode().hex(" "), "hex"),
    (lambda text: _numbers(text, "08b", ""), "binary"),
    (lambda text: _numbers(text, "08b", " "), "binary"),
    (lambda text: _numbers(text, "d", ", "), "character codes"),
    (lambda text: "".join(f"&#{ord(character)};" for character in text), "escapes"),
    (lambda text: "".join(f"&#x{ord(character):x};&shy;" for character in text), "escapes"),
    (lambda text: "".join(f"%{ord(character):02X}" for character in text), "escapes"),
    (lambda text: "".join(f"\\u{ord(character):04x}" for character in text), "escapes"),
    ("<b></b>".join, "escapes"),
    (lambda text: quote("é") + quote(text) + "&eacute;", ""),
    (lambda _text: MORSE, "Morse code"),
    (lambda _text: MORSE.replace("-", "—").replace(".", "•").replace(" ", " / "), "Morse code"),
    (lambda _text: SPOKEN, "spelling words"),
)


@pytest.mark.parametrize(("disguise", "how"), DISGUISES)
@pytest.mark.parametrize("before", ["", "Sure: ", "Gern: é ", "好的： 😀 <i> &amp; %41. Oh. "])
def test_each_disguise_is_seen_through(
    search: Search, disguise: Callable[[str], str], how: str, before: str
) -> None:
    """The span begins where the disguised canary does, and has its name."""
    written = disguise(CANARY)
    found = search(f"{before}{written} .", CORE)
    assert any(one == how and start <= len(before) + 6 for start, _, one in found), found


def test_nothing_is_found_in_nothing(search: Search) -> None:
    """No text, ordinary text and half a canary."""
    for reply in ("", "Your order 4711 is on its way.", "FS-7Q4M-K2X", "a" * 5000, "%" * 50, "&#;" * 20):
        assert search(reply, CORE) == []


def test_places_are_code_points(search: Search) -> None:
    """Characters beyond ASCII in front count as one each."""
    reply = f"😀é好 {CANARY} 😀 {CANARY.lower()}"
    assert [reply[start:end] for start, end, _ in search(reply, CORE)] == [CANARY, CANARY.lower()]


PIECES = st.one_of(
    st.sampled_from([disguise(CANARY) for disguise, _ in DISGUISES]),
    st.sampled_from([disguise(PLAIN_CANARY) for disguise, _ in DISGUISES]),
    st.sampled_from([disguise(CORE) for disguise, _ in DISGUISES]),
    st.sampled_from(
        [
            "%",
            "&",
            "&#",
            "&#55296;",
            "&notit;",
            "&#128;",
            "\\u",
            "\\ud800",
            "\\U0010ffff",
            "\\u{1F600}",
            "<",
            ">",
        ]
    ),
    st.sampled_from(
        [" ", "-", "½", "ß", "ﬀ", "²", "\x1c", "\u3000", "—", "·", "...... ", ".-", "0x", "U+", "00"]
    ),
    st.text(alphabet="FS7Q4MK2XD-fsq +/_=.<>&;%#xu\\", max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.binary(min_size=6, max_size=16).map(lambda raw: base64.b64encode(raw).decode()),
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(PIECES, max_size=6).map("".join),
    st.sampled_from([CORE, "ABCDEFGH", "2222", "X", "ABBA", "SSFFSS"]),
)
@example("½QQ7Q½M", "7Q12M")
@example("a--------------b -------------- UI3UI3UI3", "UI3UI3")
@example("FS" + "\u0130" * 3 + CORE, CORE)
def test_both_find_the_same(reply: str, core: str) -> None:
    """Whatever the text, the places and their names are the same."""
    extension = pytest.importorskip("flakestorm_rust", reason="the extension is not installed")
    assert extension.CanarySearch(PLAIN, html.unescape).spans(reply, core) == spans(reply, core)


def test_an_error_of_python_is_passed_on() -> None:
    """An interrupt while Python is asked for a character ends the search."""
    extension = pytest.importorskip("flakestorm_rust", reason="the extension is not installed")

    def interrupted(_escape: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extension.CanarySearch(PLAIN, interrupted).spans("&amp;", CORE)
