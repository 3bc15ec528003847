"""A table-booking agent that reads people, dates and times, and the defects of taking them wrong."""

from __future__ import annotations

import re
from datetime import date

from planted.reading import read
from planted.specimen import Family, Profile

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NUMERALS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WORDS = {word: number for number, word in enumerate(NUMERALS, 2)}
NAMES = "|".join(MONTHS)
ISO = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
DAY_FIRST = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?:{NAMES})[a-z]*\.?,? (\d{{4}})")
MONTH_FIRST = re.compile(rf"(?:{NAMES})[a-z]*\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})")
TIME = re.compile(r"(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)")
NEGATION = re.compile(r"(?:\bnot|\bnever|n['’]t)\s+(?:\w+\s+){0,2}(?:book|reserve|need|come)")
ASK = "Please tell me the date, the time and for how many people."


def day_of(text: str) -> tuple[date | None, str]:
    """The first possible date in ``text``, and the text without any dates."""
    found = None
    for pattern in (ISO, DAY_FIRST, MONTH_FIRST):
        for match in pattern.finditer(text):
            month = next((name for name in MONTHS if name in match.group()), None)
            numbers = [int(number) for number in match.groups()]
            year, number, day = (
                (*numbers,) if month is None else (numbers[1], MONTHS.index(month) + 1, numbers[0])
            )
            try:
                found = found or date(year, number, day)
            except ValueError:
                continue
        text = pattern.sub(" ", text)
    return found, text


def people_in(text: str, words: bool = True) -> int | None:
    """How many people ``text`` speaks of: the number before that word, or else the last one left."""
    if words:
        text = re.sub(rf"\b({'|'.join(WORDS)})\b", lambda match: str(WORDS[match[1]]), text)
    before = re.search(r"(?<!\d)(\d{1,2})\W{1,3}(?:pe|pp|per|gue|us\b|of)", text)
    numbers = [before[1]] if before else re.findall(r"(?<![\d:])\d{1,2}(?![\d:])", text)
    return int(numbers[-1]) if numbers and 0 < int(numbers[-1]) < 30 else None


def bookings(text: str) -> str:
    """A confirmation that repeats day, time and people; a question where one of them is missing."""
    day, rest = day_of(read(text))
    time = TIME.search(rest)
    people = people_in(TIME.sub(" ", rest))
    if day is None or time is None or people is None or NEGATION.search(rest):
        return ASK
    return f"Booked: 1 table for {people} people on {day.isoformat()} at {time.group()}."


BOOKING = Family(
    bookings,
    prompts=(
        "Book a table for 6 people on 4 March 2027 at 19:00.",
        "I need a table on 4 March 2027 at 19:00 for 6 people, please.",
        "Can we come on 4 March 2027 at 19:00? We are 6 people.",
        "Please reserve for 6 people, 4 March 2027, 19:00.",
    ),
    rules=({"type": "regex", "pattern": r"1 table for 6 people on 2027-03-04 at 19:00"},),
)


@BOOKING.defect()
def number_words(text: str) -> str:
    """Does not know numbers in words and takes two people for granted."""
    _, rest = day_of(read(text))
    people = people_in(TIME.sub(" ", rest), words=False) or 2
    return re.sub(r"for \d+ people", f"for {people} people", bookings(text))


@BOOKING.defect()
def one_date_format(text: str) -> str:
    """Knows one way to write a date and takes today for all others."""
    today = not DAY_FIRST.search(read(text))
    return re.sub(r"\d{4}-\d\d-\d\d", "2026-11-22", bookings(text)) if today else bookings(text)


@BOOKING.defect()
def month_and_day_swapped(text: str) -> str:
    """Takes the month for the day in dates that are all digits."""
    return bookings(ISO.sub(lambda match: f"{match[1]}-{match[3]}-{match[2]}", text))


@BOOKING.defect(Profile.ALL_TEXT)
def impossible_date(text: str) -> str:
    """Crashes on a date that no calendar has."""
    for match in ISO.finditer(text):
        date(*map(int, match.groups()))
    for match in DAY_FIRST.finditer(read(text)):
        month = next(name for name in MONTHS if name in match.group())
        date(int(match[2]), MONTHS.index(month) + 1, int(match[1]))
    return bookings(text)


@BOOKING.defect(Profile.ALL_TEXT)
def impossible_time(text: str) -> str:
    """Crashes on a time of day that no clock shows."""
    for hours, minutes in re.findall(r"(?<!\d)(\d\d):(\d\d)(?!\d)", text):
        if int(hours) > 23 or int(minutes) > 59:
            raise ValueError(f"hour must be in 0..23, minute in 0..59: {hours}:{minutes}")
    return bookings(text)


@BOOKING.defect(Profile.ALL_TEXT)
def far_year(text: str) -> str:
    """Crashes on years that its calendar library does not reach."""
    for year in re.findall(r"(?<!\d)\d{4,6}(?!\d)", text[:5000]):
        if not 1900 <= int(year) <= 2999:
            raise OverflowError(f"year {year} is out of range")
    return bookings(text)


@BOOKING.defect()
def books_twice(text: str) -> str:
    """Books again for every time that the request is made in one message."""
    times = len(re.findall(r"19:00", text[:5000]))
    return re.sub(r"\b1 table\b", f"{times} tables" if times > 1 else "1 table", bookings(text))
