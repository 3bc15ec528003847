"""The values in a text that somebody must know from somewhere: numbers, dates, identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations_with_replacement

_ISO = re.compile(r"\b\d{4}-(\d{2})-(\d{2})")
_NUMERIC_DATE = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./]\d{2,4}\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_NAME}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_NAME}\s+(\d{{1,2}})(?:st|nd|rd|th)?\b", re.IGNORECASE)
_NOT_VALUES = re.compile(
    r"https?://\S+|\S+@\S+\.\S+|\+\d[\d ()./-]{6,}\d|\b\d{1,5}(?:[ /-]\d{2,5}){2,}\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b|^\s*\d+[.)]\s",
    re.MULTILINE,
)
"""Addresses, telephone numbers, times of day and the numbers of lists."""
_IDENTIFIER = re.compile(r"\b(?=[A-Za-z0-9-]*\d[A-Za-z0-9-]*\d)(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9-]{5,}\b")
_NUMBER = re.compile(r"\d+(?:[.,' ]\d{3})*(?:[.,]\d+)?")
_DECIMALS = re.compile(r"(.*)[.,](\d{1,2})")
_NO_DIGIT = re.compile(r"\D")
_YEAR = re.compile(r"(?:19|20)\d\d")
MOST_COMBINED = 60
"""Of so many known numbers at most, sums and differences and products are known as well."""


def values(text: str) -> dict[str, str]:
    """Key → how it is written, for each value in ``text``.

    The key is the same for other spellings: the significant digits of a number, day and month of a date in
    rising order, an identifier in upper case. Short or round numbers and years are no values.
    """
    found = dict(_dates(text))
    for pattern in (_ISO, _NUMERIC_DATE, _DAY_FIRST, _MONTH_FIRST, _NOT_VALUES):
        text = pattern.sub(" ", text)
    for match in _IDENTIFIER.finditer(text):
        found[match.group().upper()] = match.group()
    for match in _NUMBER.finditer(_IDENTIFIER.sub(" ", text)):
        if _says_something(match.group()):
            found[digits(match.group())] = match.group()
    return found


def _dates(text: str) -> Iterator[tuple[str, str]]:
    for match in (*_ISO.finditer(text), *_NUMERIC_DATE.finditer(text)):
        yield _date(int(match.group(1)), int(match.group(2))), match.group()
    for match in _DAY_FIRST.finditer(text):
        yield _date(int(match.group(1)), _month(match.group(2))), match.group()
    for match in _MONTH_FIRST.finditer(text):
        yield _date(int(match.group(2)), _month(match.group(1))), match.group()


def _month(name: str) -> int:
    return 1 + _MONTHS.index(name[:3].lower())


def _date(one: int, other: int) -> str:
    """Day and month without their order, because 03/04 is in March or in April."""
    return f"date {min(one, other)}/{max(one, other)}"


def _says_something(number: str) -> bool:
    """At least three digits, of which two are significant, and no plain year."""
    enough = len(_NO_DIGIT.sub("", number)) >= 3 and len(digits(number)) >= 2
    return enough and not _YEAR.fullmatch(number)


def digits(number: str) -> str:
    """The significant digits: 1,299.50 and 129950 (cents) are both 12995."""
    return _NO_DIGIT.sub("", number).strip("0")


def known_values(text: str) -> set[str]:
    """The keys of everything that ``text`` tells: its values, all its digits, and what follows from two."""
    numbers = _NUMBER.findall(text)
    keys = {*values(text), *map(digits, numbers), *map(digits, re.findall(r"\d+", text))}
    amounts = sorted(set(map(_amount, numbers)))[:MOST_COMBINED]
    for one, other in combinations_with_replacement(amounts, 2):
        for result in (one + other, other - one, one * other):
            keys.add(digits(f"{result:.2f}"))
    return keys


def _amount(number: str) -> float:
    """1,299.50, 1.299,50 and 1299.5 alike: one or two digits after the last separator are decimals."""
    parts = _DECIMALS.fullmatch(number)
    whole, decimals = parts.groups() if parts else (number, "0")
    return float(f"{_NO_DIGIT.sub('', whole)}.{decimals}")
