"""What characters are called: emoji are those that people see as pictures, and nothing else is one."""

from __future__ import annotations

import pytest
from rich.emoji import Emoji

from flakestorm.scoring.characters import kind, kinds, named, named_all


@pytest.mark.parametrize("name", ["thumbs_up", "rocket", "grinning_face", "sparkles", "snowman_without_snow"])
def test_emoji(name: str) -> None:
    """As another table of emoji has them."""
    picture = Emoji.replace(f":{name}:")
    assert kinds(picture) == {"emoji"}
    assert named_all(picture) == "an emoji"


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("\u2813", "symbol"),
        ("\u2500", "symbol"),
        ("\u2588", "symbol"),
        ("\u25cf", "symbol"),
        ("\u24d0", "symbol"),
        ("\u00a9", "symbol"),
        ("\u2192", "sign"),
        ("+", "sign"),
        ("\u200d", "invisible"),
        ("\u0301", "mark"),
        ("\ufe0f", "emoji"),
        ("\u0663", "digit"),
        ("\u6f22", "letter"),
    ],
)
def test_kinds(character: str, expected: str) -> None:
    """Signs of the category So are emoji only where they show as pictures."""
    assert kind(character) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?", "a question mark"),
        ("+", "a '+'"),
        ("\u2500", "the character U+2500 (box drawings light horizontal)"),
        ("\u250c\u2510", "box drawing characters"),
        ("\u25cf\u25cb", "symbols"),
        ("\u2602\u00a9", "symbols"),
        ("\u0301\u0300", "the character U+0301 (combining acute accent)"),
    ],
)
def test_several(text: str, expected: str) -> None:
    """One is named, a family of them by its family."""
    assert named_all(text) == expected
    assert named(text[0]).startswith(("a ", "the character U+"))
