"""Calendar dates in the formats that people write them in."""

from __future__ import annotations

import re
from datetime import date

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

MONTH_NAMES = "|".join([*MONTHS, r"Sept?\.?", *(rf"{month[:3]}\.?" for month in MONTHS if month != "May")])
"""Alternatives for a regular expression: full and short names of the months."""

_NUMBERS = {month[:3].lower(): number for number, month in enumerate(MONTHS, 1)}

PATTERN = re.compile(
    rf"""(?<![\w/.-])(?:
      (?P<iso_year>\d{{4}})-(?P<iso_month>\d{{2}})-(?P<iso_day>\d{{2}})
    | (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<month>{MONTH_NAMES}),?\s(?P<year>\d{{4}})
    | (?P<us_month>{MONTH_NAMES})\s(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<us_year>\d{{4}})
    )(?![\w/-])""",
    re.VERBOSE | re.IGNORECASE,
)
"""Dates that can be read in one way only: 03/04/2024 is left out, because nobody can tell its month."""


def _read(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    if groups["iso_year"]:
        year, month, day = groups["iso_year"], int(groups["iso_month"]), groups["iso_day"]
    else:
        name = groups["month"] or groups["us_month"]
        month = _NUMBERS[name[:3].lower()]
        year, day = groups["year"] or groups["us_year"], groups["day"] or groups["us_day"]
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


def ordinal(number: int) -> str:
    """1 → ``1st``."""
    suffix = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def formats(day: date) -> tuple[str, ...]:
    """The ways to write ``day`` that cannot be mistaken for another day."""
    month = MONTHS[day.month - 1]
    return (
        f"{day.year:04}-{day.month:02}-{day.day:02}",
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{ordinal(day.day)} of {month} {day.year}",
        f"{day.day} {month[:3]} {day.year}",
        f"{day.year:04}/{day.month:02}/{day.day:02}",
    )


def dates(text: str) -> list[tuple[int, int, date]]:
    """(start, end, day) of every unambiguous, possible date in ``text``."""
    found = ((*match.span(), _read(match)) for match in PATTERN.finditer(text))
    return [(start, end, day) for start, end, day in found if day is not None]
