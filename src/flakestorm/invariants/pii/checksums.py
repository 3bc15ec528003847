"""The check-digit rules that tell a real number from an order number; each takes bare digits or letters."""

from __future__ import annotations

from hashlib import sha256

VERHOEFF_PRODUCT = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
VERHOEFF_TURN = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
BECH32_CONSTANTS = (1, 0x2BC830A3)
"""What the remainder must be: bech32, and bech32m of newer addresses."""


def luhn(digits: str) -> bool:
    """Payment cards and the Canadian SIN: every second digit from the right doubled, sum divisible by 10."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """Σ digit × weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def mod97(text: str) -> bool:
    """IBAN: country and check digits moved to the end, letters as 10–35, remainder 1."""
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Aadhaar: a walk through the multiplication table of the symmetries of a pentagon ends at 0."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        turned = VERHOEFF_TURN[place % 8][int(digit)]
        state = int(VERHOEFF_PRODUCT[state][int(turned)])
    return state == 0


def mod11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10, as the German tax number uses it."""
    product = 10
    for digit in digits[:-1]:
        product = (int(digit) + product) % 10 or 10
        product = 2 * product % 11
    return (11 - product) % 10 == int(digits[-1])


def weights731(text: str) -> bool:
    """Documents for machines: letters as 10–35, weights 7, 3, 1 in turn; the last digit is the check."""
    total = sum(int(char, 36) * (7, 3, 1)[place % 3] for place, char in enumerate(text[:-1]))
    return total % 10 == int(text[-1])


def base58check(text: str) -> bool:
    """Older Bitcoin addresses: 25 bytes in base 58, the last four the start of a double SHA-256."""
    if not set(text) <= set(BASE58):
        return False
    number = 0
    for char in text:
        number = number * 58 + BASE58.index(char)
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    return sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def bech32(text: str) -> bool:
    """Newer Bitcoin addresses: a polynomial remainder over the human part ("bc") and the data."""
    human, _, data = text.rpartition("1")
    if not set(data) <= set(BECH32):
        return False
    values = [ord(char) >> 5 for char in human] + [0] + [ord(char) & 31 for char in human]
    values += [BECH32.index(char) for char in data]
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(BECH32_GENERATOR):
            remainder ^= generator if top >> bit & 1 else 0
    return remainder in BECH32_CONSTANTS
