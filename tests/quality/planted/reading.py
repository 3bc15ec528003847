"""How a careful agent reads: normalised step by step, tolerant of slips, never more than it can handle.

Each step can be left out: that is one of the defects.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

LONGEST = 4000
"""Characters that are read at each end of a text: work stays bounded, and both ends count."""

LOOK_ALIKES = str.maketrans("аеорсухіѕԁоԝһոԛϲοαερτυνικӏνⅼ", "aeopcyxisdowhnqcoaeptuviklvl")

INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""Control and format characters, variation selectors, fillers: nothing that a reader sees."""

Step = Callable[[str], str]


def _visible(text: str) -> str:
    return INVISIBLE.sub("", text)


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(char for char in parts if not unicodedata.combining(char))


def _western_digits(text: str) -> str:
    return re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit.group())), text)


STEPS: dict[str, Step] = {
    "forms": lambda text: unicodedata.normalize("NFKC", text),
    "digits": _western_digits,
    "invisible": _visible,
    "accents": _unaccented,
    "case": str.casefold,
    "look-alikes": lambda text: text.translate(LOOK_ALIKES),
    "spaces": lambda text: " ".join(text.split()),
}


def both_ends(text: str) -> str:
    """``text``, or its first and last ``LONGEST`` characters."""
    return text if len(text) <= 2 * LONGEST else f"{text[:LONGEST]} {text[-LONGEST:]}"


def read(text: str, without: str = "") -> str:
    """``text`` ready for matching, except for the step ``without``."""
    text = both_ends(text)
    if text.isascii():
        ascii_steps = ("case", "invisible", "spaces")
        steps = [step for name, step in STEPS.items() if name in ascii_steps and name != without]
    else:
        steps = [step for name, step in STEPS.items() if name != without]
    for step in steps:
        text = step(text)
    return text


@lru_cache(maxsize=65536)
def distance(one: str, other: str) -> int:
    """How many letters must be added, dropped, replaced or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if older and i > 1 < j and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def mentions(text: str, word: str, slips: int = 2) -> bool:
    """True when a word of ``text`` is ``word`` up to ``slips``, or ``word`` stands inside a longer one."""
    if word in text:
        return True
    near = (one for one in set(re.findall(r"\w+", text)) if abs(len(one) - len(word)) <= slips)
    return any(distance(one, word) <= slips for one in near)
