"""Numbers that a reply must repeat, because vectors cannot tell 5 days from 15."""

from __future__ import annotations

import re

NUMBER = re.compile(r"(?<![\w.])\d[\d.,\u00a0\u202f']*(?<=\d)")
# fmt: off
WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)
# fmt: on
WORD = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<=\d)[.,\u00a0\u202f'](?=\d{3}(?!\d))")
"""A separator before exactly three digits. ``1.250`` is read as 1250, which errs towards equality."""


def missing_numbers(expected: str, reply: str) -> list[str]:
    """The numbers of ``expected``, as written there, that ``reply`` does not contain in any spelling.

    ``1,250``, ``1.250`` and ``1250`` are one number, so are ``2.50`` and ``2,5``, and ``five`` and ``5``.
    """
    found = {_value(number) for number in _numbers(reply)}
    return [number for number in dict.fromkeys(_numbers(expected)) if _value(number) not in found]


def _numbers(text: str) -> list[str]:
    return NUMBER.findall(text) + WORD.findall(text)


def _value(number: str) -> str:
    if number[0].isalpha():
        return str(WORDS.index(number.lower()))
    whole, point, fraction = THOUSANDS.sub("", number).replace(",", ".").rpartition(".")
    if not point:
        return fraction.lstrip("0") or "0"
    fraction = fraction.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{fraction}" if fraction else whole
