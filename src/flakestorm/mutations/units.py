"""Units of measure and money that people write in two ways."""

from __future__ import annotations

PAIRS = (
    ("km", "kilometres"),
    ("cm", "centimetres"),
    ("mm", "millimetres"),
    ("kg", "kilograms"),
    ("mg", "milligrams"),
    ("ml", "millilitres"),
    ("lb", "pounds"),
    ("oz", "ounces"),
    ("ft", "feet"),
    ("mph", "miles per hour"),
    ("km/h", "kilometres per hour"),
    ("kWh", "kilowatt hours"),
    ("KB", "kilobytes"),
    ("MB", "megabytes"),
    ("GB", "gigabytes"),
    ("TB", "terabytes"),
    ("ms", "milliseconds"),
    ("sec", "seconds"),
    ("min", "minutes"),
    ("hrs", "hours"),
    ("°C", "degrees Celsius"),
    ("°F", "degrees Fahrenheit"),
    ("%", "percent"),
    ("USD", "US dollars"),
    ("EUR", "euros"),
    ("GBP", "pounds sterling"),
    ("JPY", "yen"),
    ("CHF", "Swiss francs"),
)
"""(short, long) for amounts other than one; the meaning is exactly the same."""

AMBIGUOUS = frozenset({"pounds"})
"""Long names that may mean something else (weight, or money), so they are never shortened."""

SYMBOLS = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}
"""Currency signs that stand before the amount."""

_SINGLE = (
    "m|g|l|h|s|hour|minute|second|day|days|week|weeks|month|months|year|years|mile|miles|yards?|inch|inches|"
    "dollars?|euro|cents?|bucks|metres?|meters?|litres?|liters?|grams?|kilos?|kilometers|centimeters|"
    "millimeters|milliliters|gallons?|pints?|acres?|hertz|watts?|volts?|degrees?|million|billion|thousand|"
    "dozen|people|items|pieces|nights?"
)

UNIT_WORDS = (
    "|".join(sorted((name for pair in PAIRS for name in pair if name != "%"), key=lambda name: -len(name)))
    + f"|{_SINGLE}"
)
"""Alternatives for a regular expression: a word after a number that belongs to the number."""
