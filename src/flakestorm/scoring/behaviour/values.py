"""The values in a text that somebody must know from somewhere: numbers, dates, identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    r"https?://\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]+|\+\d[\d ()./-]{6,}\d|\b\d{1,5}(?:[ /-]\d{2,5}){2,}\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b|^\s*\d+[.)]\s",
    re.MULTILINE,
)
"""Addresses, telephone numbers, times of day and the numbers of lists."""
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9-])(?=[A-Za-z0-9-]{0,40}?\d[A-Za-z0-9-]{0,40}?\d)(?=[0-9-]{0,40}[A-Za-z])[A-Za-z0-9-]{5,60}"
    r"(?![A-Za-z0-9-])"
)
_NUMBER = re.compile(r"\d{1,40}(?:[.,' ]\d{3}){0,9}(?:[.,]\d{1,40})?")
_DECIMALS = re.compile(r"(.*)[.,](\d{1,2})")
_YEAR = re.compile(r"(?:19|20)\d\d")
MOST_COMBINED = 1_000
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
    enough = sum(map(str.isdecimal, number)) >= 3 and len(digits(number)) >= 2
    return enough and not _YEAR.fullmatch(number)


def digits(number: str) -> str:
    """The significant digits: 1,299.50 and 129950 (cents) are both 12995."""
    return "".join(filter(str.isdecimal, number)).strip("0")


def known_values(text: str) -> set[str]:
    """The keys of everything that ``text`` tells: its values, and all its digits."""
    return {*values(text), *map(digits, _NUMBER.findall(text)), *map(digits, re.findall(r"\d+", text))}


def follows(written: str, text: str) -> bool:
    """Whether the number ``written`` is the sum, the difference or the product of two numbers in ``text``."""
    if not _NUMBER.fullmatch(written):
        return False
    wanted = _cents(written)
    known = set(map(_cents, _NUMBER.findall(text)[:MOST_COMBINED]))
    return any(
        wanted - one in known
        or wanted + one in known
        or (one and wanted * 100 % one == 0 and wanted * 100 // one in known)
        for one in known
    )


def _cents(number: str) -> int:
    """1,299.50, 1.299,50 and 1299.5 alike: one or two digits after the last separator are decimals."""
    parts = _DECIMALS.fullmatch(number)
    whole, decimals = parts.groups() if parts else (number, "")
    return int("".join(filter(str.isdecimal, whole)) + decimals.ljust(2, "0"))
