"""The checks that the table of kinds refers to by name: is this match what it looks like?"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable

from flakestorm.invariants.pii import checksums, phone, registers, secrecy

Validator = Callable[[str], bool]

# Addresses of a function, not of a person.
_ROLES = (
    "abuse accounts admin billing booking bookings careers contact contacto customer customercare "
    "customerservice datenschutz donotreply enquiries feedback git hello help helpdesk hr info "
    "inquiries it jobs kontakt kundenservice legal mail mailer-daemon marketing media moderation news "
    "newsletter no-reply noreply office orders postmaster press presse privacy refunds registrar "
    "reservations returns root sales security service servicio shop soporte sport suporte support "
    "supporto team tech tickets user username webmaster welcome"
)
ROLES = frozenset(_ROLES.split())
FILE_ENDINGS = ("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "map", "html")
INTERNAL = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
RESOLVERS = frozenset(
    {"1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8", "9.9.9.9", "208.67.220.220", "208.67.222.222"}
)
_COUNTRIES = (
    "AD AE AR AT AU BA BE BG BH BR CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GE GI GR HK HR HU ID IE "
    "IL IN IS IT JO JP KE KR KW LI LT LU LV MA MC MD ME MK MT MX MY NG NL NO NZ PE PH PK PL PT QA RO RS "
    "RU SA SE SG SI SK SM TH TN TR TW UA US UY VN ZA"
)
COUNTRIES = frozenset(_COUNTRIES.split())
DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
FISCAL_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
NINO_UNUSED = ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")
ITIN_GROUPS = frozenset((*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)))
CARD_LENGTHS = (
    (re.compile(r"4"), (16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),
    (re.compile(r"352[89]|35[3-8]"), (16,)),
    (re.compile(r"30[0-5]|3[689]"), (14,)),
    (re.compile(r"62"), (16, 17, 18, 19)),
)
CARD_GROUPS = re.compile(r"\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}")


def _compact(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()


def email(text: str) -> bool:
    """Somebody's address: not a role ("support"), not a file name with an @ in it."""
    local, _, domain = text.lower().rpartition("@")
    return local not in ROLES and domain.rpartition(".")[2] not in FILE_ENDINGS and ".." not in text


def credit_card(text: str) -> bool:
    """An issuer's prefix with that issuer's length, grouped as cards are, Luhn correct."""
    digits = _compact(text)
    lengths = next((lengths for prefix, lengths in CARD_LENGTHS if prefix.match(digits)), ())
    grouped = CARD_GROUPS.fullmatch(text) is not None
    return len(digits) in lengths and grouped and len(set(digits)) > 1 and checksums.luhn(digits)


def iban(text: str) -> bool:
    """Check digits correct; the length is in the pattern."""
    return checksums.mod97(_compact(text))


def bic(text: str) -> bool:
    """Capitals with a country at the fifth letter."""
    return text.isupper() and text[4:6] in COUNTRIES


def us_ssn(text: str) -> bool:
    """Area, group and serial in the ranges that are issued; not one of the numbers known from adverts."""
    digits = _compact(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    issued = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return issued and digits not in ("123456789", "078051120", "219099999")


def us_itin(text: str) -> bool:
    """900–999 with a group that is issued."""
    digits = _compact(text)
    return digits[0] == "9" and int(digits[3:5]) in ITIN_GROUPS


def uk_nino(text: str) -> bool:
    """A prefix that is in use."""
    return not _compact(text).startswith(NINO_UNUSED)


def uk_nhs(text: str) -> bool:
    """Modulus 11."""
    digits = _compact(text)
    check = 11 - checksums.weighted(digits[:9], (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return check % 11 == int(digits[9]) and check != 10 and len(set(digits)) > 1


def ca_sin(text: str) -> bool:
    """Luhn; 0 and 8 are not issued to people."""
    digits = _compact(text)
    return digits[0] not in "08" and checksums.luhn(digits)


def au_tfn(text: str) -> bool:
    """Modulus 11 with the weights of nine-digit numbers."""
    digits = _compact(text)
    return len(set(digits)) > 1 and checksums.weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(text: str) -> bool:
    """The ninth digit checks the eight before it."""
    digits = _compact(text)
    return checksums.weighted(digits[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


def de_tax_id(text: str) -> bool:
    """One digit of the first ten is there two or three times, and the check digit fits."""
    digits = _compact(text)
    most = max(map(digits[:10].count, set(digits[:10])))
    return digits[0] != "0" and most in (2, 3) and checksums.mod11_10(digits)


def fr_nir(text: str) -> bool:
    """Key: 97 minus the rest of the first thirteen; Corsica's 2A and 2B count as 19 and 18."""
    compact = _compact(text)
    number = compact[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(compact[13:])


def es_dni(text: str) -> bool:
    """The letter belongs to the number."""
    compact = _compact(text)
    return DNI_LETTERS[int(compact[:8]) % 23] == compact[8]


def es_nie(text: str) -> bool:
    """As the DNI, with X, Y and Z as 0, 1 and 2."""
    compact = _compact(text)
    return es_dni(str("XYZ".index(compact[0])) + compact[1:])


def it_codice_fiscale(text: str) -> bool:
    """The last letter checks the fifteen before it."""
    values = [int(char, 36) if char.isdigit() else ord(char) - ord("A") for char in _compact(text)]
    total = sum(FISCAL_ODD[value] for value in values[:15:2]) + sum(values[1:15:2])
    return total % 26 == values[15]


def nl_bsn(text: str) -> bool:
    """The eleven test."""
    digits = _compact(text)
    return len(set(digits)) > 1 and checksums.weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def br_cpf(text: str) -> bool:
    """Both check digits."""
    digits = _compact(text)
    if len(set(digits)) == 1:
        return False
    first = checksums.weighted(digits[:9], tuple(range(10, 1, -1))) * 10 % 11 % 10
    second = checksums.weighted(digits[:10], tuple(range(11, 1, -1))) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def in_aadhaar(text: str) -> bool:
    """Verhoeff."""
    return checksums.verhoeff(_compact(text))


def de_id_card(text: str) -> bool:
    """Weights 7, 3, 1."""
    return checksums.weights731(_compact(text))


def document_number(text: str) -> bool:
    """Passports and licences: enough digits, and not a date or a year."""
    digits = sum(map(str.isdigit, text))
    return digits >= 5 and not re.fullmatch(r"(?:19|20)\d\d-?\d\d-?\d\d", text)


def ip_address(text: str) -> bool:
    """A public address that is not a well-known resolver; four small numbers are rather a version."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    small = address.version == 4 and max(address.packed) < 20
    return address.is_global and not small and text not in RESOLVERS


def any_ip_address(text: str) -> bool:
    """Any address in a range of its own: what stands beside the word IP may be made of small numbers."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_global and text not in RESOLVERS


def internal_ip_address(text: str) -> bool:
    """An address of somebody's own network; neither a loopback nor an example."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in INTERNAL if network.version == address.version)


def mac_address(text: str) -> bool:
    """Neither all the same nor a date in six pairs of digits."""
    compact = _compact(text)
    return len(set(compact)) > 1 and not ("-" in text and compact.isdigit())


def gps_coordinates(text: str) -> bool:
    """Latitude up to 90, longitude up to 180 degrees."""
    latitude, longitude = map(abs, map(float, text.split(",")))
    return latitude <= 90 and longitude <= 180


def jwt(text: str) -> bool:
    """The first part is a JSON object that names an algorithm."""
    head = text.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and "alg" in header


VALIDATORS: dict[str, Validator] = {
    check.__name__: check
    for check in (
        email, credit_card, iban, bic, us_ssn, us_itin, uk_nino, uk_nhs, ca_sin, au_tfn, au_medicare,
        de_tax_id, fr_nir, es_dni, es_nie, it_codice_fiscale, nl_bsn, br_cpf, in_aadhaar, de_id_card,
        document_number, ip_address, any_ip_address, internal_ip_address,
        mac_address, gps_coordinates, jwt,
        phone.is_international, phone.is_north_american, phone.is_national,
        checksums.base58check, checksums.bech32,
        secrecy.secret, secrecy.random_value, secrecy.password, secrecy.password_in_url,
        registers.expiry, registers.us_routing, registers.bank_account, registers.pl_pesel,
        registers.de_health_insurance, registers.dea, registers.npi, registers.genome, registers.vin,
        registers.imei, registers.iccid, registers.plate,
    )
}  # fmt: skip
"""Name → check; the check gets the match as it is written."""
