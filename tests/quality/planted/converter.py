"""A unit converter, and the defects of numbers and units taken wrong."""

from __future__ import annotations

import re

from planted.reading import both_ends, mentions, read
from planted.specimen import Family, Profile

NUMBER = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")
MEASURED = re.compile(NUMBER.pattern + r"(?=\s?(?:km|kil))")
ASK = "Please give me one length, such as 5 km."
MILE = 1609.344


def length_in(text: str, separators: bool = True) -> float | None:
    """The first number of ``text`` before a unit, or else the longest one."""
    match = MEASURED.search(text) or max(NUMBER.finditer(text), key=lambda one: len(one[0]), default=None)
    if match is None:
        return None
    whole = match[1].replace(",", "") if separators else match[1].split(",")[0]
    return float(whole + (match[2] or ""))


def miles(kilometres: float) -> str:
    """The reply for a length."""
    return f"{kilometres:,g} km are {kilometres * 1000 / MILE:,.1f} miles."


def converter(text: str) -> str:
    """The first number in ``text``, taken for kilometres, in miles."""
    number = length_in(read(text))
    return ASK if number is None else miles(number)


CONVERTER = Family(
    converter,
    prompts=(
        "How many miles are 1,250 km?",
        "Convert 1,250 km to miles, please.",
        "I drove 1,250 km. What is that in miles?",
        "Tell me what 1,250 km are in miles.",
    ),
    rules=({"type": "contains", "value": "776.7"},),
)


@CONVERTER.defect()
def unit_by_abbreviation(text: str) -> str:
    """Knows the unit by its abbreviation alone, and takes metres otherwise."""
    number = length_in(read(text)) or 0
    return converter(text) if re.search(r"\d\s*km\b", read(text)) else miles(number / 1000)


@CONVERTER.defect()
def confident_after_a_typo(text: str) -> str:
    """Guesses at another unit when it cannot read the target, instead of asking."""
    number = length_in(read(text))
    if number is None or re.search(r"\bmiles?\b", read(text)):
        return converter(text)
    return f"{number:,g} km are {number / 1.852:,.1f} nautical miles."


@CONVERTER.defect(Profile.ALL_TEXT)
def last_number_wins(text: str) -> str:
    """Takes the last number of the message, whatever it belongs to."""
    numbers = re.findall(r"\d[\d,]*", both_ends(text))
    return converter(f"{numbers[-1]} km") if numbers else converter(text)


@CONVERTER.defect(Profile.ALL_TEXT)
def overflowing_number(text: str) -> str:
    """Crashes on an arithmetic tower in the message."""
    tower = re.search(r"\d(\s*(\^|\*\*)\s*\d{1,9}){2,}|\d!", text[-5000:])
    if tower:
        raise OverflowError("result too large to represent")
    return converter(text)


THOUSANDS = Family(
    converter,
    prompts=(
        "How many miles are 1250 km?",
        "Convert 1250 km to miles, please.",
        "I drove 1250 km. What is that in miles?",
        "Tell me what 1250 km are in miles.",
    ),
    rules=CONVERTER.rules[-1:],
    name="converter_of_plain_numbers",
)


@THOUSANDS.defect()
def thousands_separator(text: str) -> str:
    """Reads 1,250 as 1."""
    number = length_in(read(text), separators=False)
    return ASK if number is None else miles(number)


CLEAR = frozenset(
    ("please", "do", "i", "want", "to", "could", "you", "cancel", "order", "4512", "for", "me", "today")
)
"""The words of a wish that needs no question back."""


def cancellations(text: str) -> str:
    """Cancels an order of the customer, where the wish is clear; else asks."""
    words = re.findall(r"[a-z0-9']+", read(text))
    if "4512" not in words or not mentions(read(text), "cancel", 1):
        return "What should I do with which of your orders?"
    return "Order 4512 is cancelled." if CLEAR.issuperset(words) else "Shall I cancel order 4512?"


CANCELLING = Family(
    cancellations,
    prompts=(
        "Cancel order 4512.",
        "I want to cancel order 4512.",
        "Could you cancel order 4512 for me?",
        "Please do cancel order 4512 today.",
    ),
    rules=({"type": "not_contains", "value": "is cancelled", "on": "semantic_similarity_attack"},),
)


@CANCELLING.defect(Profile.ALL_TEXT)
def negation_ignored(text: str) -> str:
    """Sees the verb and not the negation before it."""
    return cancellations(re.sub(r"\b(?:not|never|don'?t|do not)\b", "", text, flags=re.IGNORECASE))
