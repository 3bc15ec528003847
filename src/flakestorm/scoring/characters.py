"""What a character is called in a sentence: an emoji, a comma, or its number and its name in Unicode."""

from __future__ import annotations

import unicodedata

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Categories of what does not show."""

EMOJI_STYLE = "\ufe0f"
"""Behind a symbol it asks for the coloured picture in place of the sign."""

_JOINER = "\u200d"
_NAMED = {"?": "a question mark", "!": "an exclamation mark", ".": "a full stop", ",": "a comma"}
_FAMILIES = {"BRAILLE": "braille", "BOX": "box drawing"}

# What shows as a coloured picture by itself: Unicode's Emoji_Presentation below U+10000, the blocks of
# pictures above. All others of the category So are symbols, from the degree sign to braille.
_EMOJI = """
    231A-231B 23E9-23EC 23F0 23F3 25FD-25FE 2614-2615 2648-2653 267F 2693 26A1 26AA-26AB 26BD-26BE 26C4-26C5
    26CE 26D4 26EA 26F2-26F3 26F5 26FA 26FD 2705 270A-270B 2728 274C 274E 2753-2755 2757 2795-2797 27B0 27BF
    2B1B-2B1C 2B50 2B55 1F004 1F0CF 1F18E 1F191-1F19A 1F1E6-1F1FF 1F201 1F21A 1F22F 1F232-1F236 1F238-1F23A
    1F250-1F251 1F300-1F64F 1F680-1F6FF 1F7E0-1F7EB 1F7F0 1F90C-1F9FF 1FA70-1FAFF
"""


def _ranges(text: str) -> tuple[range, ...]:
    pairs = (word.partition("-") for word in text.split())
    return tuple(range(int(first, 16), int(last or first, 16) + 1) for first, _, last in pairs)


_EMOJI_RANGES = _ranges(_EMOJI)


def kind(character: str) -> str:
    """invisible, mark, emoji, symbol, letter, digit or sign."""
    if character == EMOJI_STYLE or any(ord(character) in emoji for emoji in _EMOJI_RANGES):
        return "emoji"
    category = unicodedata.category(character)
    if category in INVISIBLE:
        return "invisible"
    if category.startswith("M"):
        return "mark"
    if category == "So":
        return "symbol"
    if category.startswith("L"):
        return "letter"
    return "digit" if category.startswith("N") else "sign"


def kinds(text: str) -> set[str]:
    """The kinds of characters in ``text``; a sequence that shows as one emoji is nothing else."""
    found = {kind(character) for character in text}
    if "emoji" in found:
        found = {kind(character) for character in text if character != _JOINER}
    return found - {"symbol"} if EMOJI_STYLE in text else found


def named(character: str) -> str:
    """An article and the character, with its number and name where that says more than its looks."""
    what = kind(character)
    if what == "emoji":
        return "an emoji"
    if character in _NAMED:
        return _NAMED[character]
    if what in ("invisible", "mark", "symbol") or (what == "letter" and not character.isascii()):
        name = unicodedata.name(character, "").lower()
        return f"the character U+{ord(character):04X}{f' ({name})' if name else ''}"
    return f"a '{character}'"


def named_all(text: str) -> str:
    """The same for several characters of one kind: emoji, symbols, marks or invisible ones."""
    if kinds(text) == {"emoji"}:
        return "an emoji"
    if len(set(text)) == 1 or kinds(text) != {"symbol"}:
        return named(text[0])
    families = {unicodedata.name(character, " ").split(" ")[0] for character in text}
    family = _FAMILIES.get(families.pop(), "") if len(families) == 1 else ""
    return f"{family} characters" if family else "symbols"
