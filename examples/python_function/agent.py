"""A unit converter: the smallest agent that there can be, a function from text to text."""

import re

FACTORS = {
    "kilometres": (0.621371, "miles"),
    "kilograms": (2.204623, "pounds"),
    "litres": (0.264172, "gallons"),
}
SPELLINGS = {
    "km": "kilometres",
    "kilometers": "kilometres",
    "kg": "kilograms",
    "kilos": "kilograms",
    "liters": "litres",
}
QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")


def answer(prompt: str) -> str:
    """Convert the first quantity in ``prompt`` that has a known unit."""
    for number, unit in QUANTITY.findall(prompt.lower()):
        name = SPELLINGS.get(unit, unit)
        if name in FACTORS:
            factor, target = FACTORS[name]
            return f"{number} {name} are {float(number) * factor:.2f} {target}."
    return "Tell me a quantity in kilometres, kilograms or litres, such as 12 km."
