"""Check digits and forms of numbers that banks, insurers, makers and registers give out."""

from __future__ import annotations

from flakestorm.invariants.pii import checksums

VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", "123456781234579234567890123456789", strict=True))
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_WORDS = "is number of the for was on has ist von der die das id no nr in it at"
PLATE_WORDS = frozenset(_WORDS.split())


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def expiry(text: str) -> bool:
    """A month of a year in which cards of today are valid."""
    return 22 <= int(text[-2:]) <= 49


def us_routing(text: str) -> bool:
    """Weights 3, 7, 1, and a first pair that is given to banks."""
    first = int(text[:2])
    issued = first <= 12 or 21 <= first <= 32 or 61 <= first <= 72 or first == 80
    return issued and len(set(text)) > 2 and checksums.weighted(text, (3, 7, 1) * 3) % 10 == 0


def bank_account(text: str) -> bool:
    """Not a date, and not one digit again and again."""
    return len(set(text)) > 2 and not (len(text) == 8 and text.startswith(("19", "20")))


def pl_pesel(text: str) -> bool:
    """Weights 1, 3, 7, 9."""
    check = -checksums.weighted(text[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10
    return check == int(text[10]) and len(set(text)) > 2


def de_health_insurance(text: str) -> bool:
    """The letter as two digits, then every second of ten digits doubled, digit sums added."""
    digits = f"{ord(text[0].upper()) - ord('A') + 1:02}{text[1:9]}"
    sums = (sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(digits))
    return sum(sums) % 10 == int(text[9])


def dea(text: str) -> bool:
    """First, third and fifth digit and twice the others end in the last."""
    digits = [int(digit) for digit in text[-7:]]
    return (sum(digits[0:5:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def npi(text: str) -> bool:
    """Luhn with the prefix of American health providers."""
    return checksums.luhn("80840" + text)


def genome(text: str) -> bool:
    """All four bases, and no short piece again and again."""
    lowered = text.lower()
    return len(set(lowered)) == 4 and lowered[:12] not in lowered[12:]


def vin(text: str) -> bool:
    """The ninth character checks the others; letters and digits, and not a hash in lower case."""
    upper = text.upper()
    if text != upper or upper.isdigit() or upper.isalpha() or not set(upper) <= set(VIN_VALUES):
        return False
    rest = sum(int(VIN_VALUES[c]) * weight for c, weight in zip(upper, VIN_WEIGHTS, strict=True)) % 11
    return upper[8] == ("X" if rest == 10 else str(rest))


def imei(text: str) -> bool:
    """Luhn, and not one digit again and again."""
    digits = _digits(text)
    return len(set(digits)) > 2 and checksums.luhn(digits)


def iccid(text: str) -> bool:
    """Luhn over all digits of a SIM card."""
    return checksums.luhn(_digits(text))


def plate(text: str) -> bool:
    """Capitals and digits in groups, and no word of a sentence."""
    words = text.replace("-", " ").split()
    has_both = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return has_both and text == text.upper() and not PLATE_WORDS & {word.lower() for word in words}
