"""Which strings of digits can be somebody's telephone number, by the numbering plans."""

from __future__ import annotations

import re

NATIONAL_LENGTHS = {
    "1": (10, 10), "7": (10, 10), "20": (9, 10), "27": (9, 9), "30": (10, 10), "31": (9, 9),
    "32": (8, 9), "33": (9, 9), "34": (9, 9), "36": (8, 9), "39": (8, 11), "40": (9, 9),
    "41": (9, 9), "43": (7, 12), "44": (9, 10), "45": (8, 8), "46": (7, 10), "47": (8, 8),
    "48": (9, 9), "49": (6, 11), "51": (8, 9), "52": (10, 10), "54": (10, 11), "55": (10, 11),
    "56": (9, 9), "57": (10, 10), "58": (10, 10), "60": (8, 10), "61": (9, 9), "62": (8, 12),
    "63": (10, 10), "64": (8, 10), "65": (8, 8), "66": (8, 9), "81": (9, 10), "82": (8, 11),
    "84": (9, 10), "86": (10, 11), "90": (10, 10), "91": (10, 10), "92": (10, 10), "94": (9, 9),
    "212": (9, 9), "213": (8, 9), "216": (8, 8), "233": (9, 9), "234": (8, 10), "254": (9, 9),
    "351": (9, 9), "352": (6, 9), "353": (7, 9), "354": (7, 9), "358": (6, 11), "359": (8, 9),
    "370": (8, 8), "371": (8, 8), "372": (7, 8), "380": (9, 9), "381": (8, 9), "385": (8, 9),
    "386": (8, 8), "420": (9, 9), "421": (9, 9), "852": (8, 8), "880": (8, 10), "886": (8, 9),
    "961": (7, 8), "962": (8, 9), "965": (8, 8), "966": (8, 9), "971": (8, 9), "972": (8, 9),
    "974": (8, 8),
}  # fmt: skip
"""Country calling code → fewest and most digits that follow it."""

NATIONAL_PLANS = re.compile(
    r"1?[2-9](?!11)\d\d[2-9](?!11)\d{6}"  # United States and Canada
    r"|0(?:7[1-9]\d{8}|[12]\d{8,9}|3\d{9})"  # United Kingdom
    r"|0(?:1[567]\d{8,9}|[2-9]\d{6,10})"  # Germany
    r"|0[1-9]\d{8}"  # France, Netherlands, Australia
    r"|[6-9]\d{8}"  # Spain
    r"|3\d{8,9}|0\d{8,10}"  # Italy, Japan
    r"|[6-9]\d{9}"  # India
    r"|[1-9]{2}9?[2-9]\d{7}"  # Brazil
)

# Free and premium numbers belong to firms, never to a person.
_SERVICE_US = ("800", "833", "844", "855", "866", "877", "888", "900")
_SERVICE_ELSEWHERE = ("0800", "0808", "0900", "0180")


def is_international(text: str) -> bool:
    """A number that starts with + and a country's code, as long as that country's numbers are."""
    digits = _digits(text.replace("(0)", ""))
    for length in (1, 2, 3):
        bounds = NATIONAL_LENGTHS.get(digits[:length])
        if bounds:
            national = digits[length:]
            fits = bounds[0] <= len(national) <= bounds[1]
            return fits and (digits[:length] != "1" or is_north_american(national)) and national[:3] != "800"
    return False


def is_north_american(text: str) -> bool:
    """Ten digits; neither area nor exchange starts with 0 or 1 or ends in 11; not a free number."""
    digits = _digits(text)[-10:]
    return (
        len(digits) == 10
        and digits[0] not in "01"
        and digits[3] not in "01"
        and digits[1:3] != "11"
        and digits[4:6] != "11"
        and digits[:3] not in _SERVICE_US
        and len(set(digits)) > 2
    )


def is_national(text: str) -> bool:
    """A number as people write it inside one of a dozen countries."""
    digits = _digits(text)
    if digits.startswith(_SERVICE_ELSEWHERE) or digits.removeprefix("1").startswith(_SERVICE_US):
        return False
    return NATIONAL_PLANS.fullmatch(digits) is not None and len(set(digits)) > 2


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
