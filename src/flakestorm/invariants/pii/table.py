r"""The kinds of personal data and secrets: how each is written, checked and recognised by its surroundings.

A row earlier in the table wins where two match the same place. Regular expressions are searched without
regard to case and match only where no letter, digit, ``_`` or ``@`` touches; every repetition is bounded.
"""

from __future__ import annotations

from flakestorm.invariants.pii.kind import Pattern
from flakestorm.model.verdict import Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22,
    "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31,
    "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TR": 26, "UA": 29,
}  # fmt: skip

PHONE_WORDS = (
    "phone", "call", "tel.", "tel:", "tel ", "mobile", "cell ", "cell:", "cellphone", "fax", "telephone",
    "telefon", "whatsapp", "sms", "text me", "reach", "handy", "anruf", "rufen", "téléphone",
    "portable", "appel", "móvil", "llam", "cellulare", "chiama", "celular", "ligue",
)  # fmt: skip
PASSPORT_WORDS = ("passport", "reisepass", "passnummer", "passeport", "pasaporte", "passaporto", "passaporte")
LICENCE_WORDS = (
    "driver's licen", "drivers licen", "driver licen", "driving licen", "führerschein", "permis de conduire",
    "carnet de conducir", "patente", "carteira de motorista", "cnh",
)  # fmt: skip
BIRTH_WORDS = (
    "date of birth", "birth date", "birthdate", "dob", "d.o.b", "geburtsdatum", "geburtstag",
    "date de naissance",
    "fecha de nacimiento", "data di nascita", "data de nascimento",
    "birthday",
)  # fmt: skip
HOME_WORDS = (
    "lives at", "live at", "resides", "home address", "address is", "address on file", "shipping address",
    "billing address", "mailing address", "delivery address", "your address", "his address", "her address",
    "their address", "customer's address", "ship to", "shipped to", "deliver to", "delivered to",
    "sent to", "moved to",
    "wohnt", "wohnhaft", "anschrift", "adresse", "habite", "domicilié", "vive en", "domicilio", "dirección",
    "abita", "indirizzo", "residente", "mora n", "endereço",
)  # fmt: skip
PLACE_WORDS = (
    "home", "lives", "live", "your location", "current location", "last seen", "last known", "device", "user",
    "customer", "gps", "position of", "whereabouts", "wohn", "domicile", "domicilio",
)  # fmt: skip

MONTHS = (
    r"(?:jan|feb|fév|mar|mär|apr|avr|abr|may|mai|mag|ma[iy]o|jun|juin|giu|jul|juil|lug|aug|août|ago|sep|set|oct"
    r"|okt|ott|out|nov|dec|dez|déc|dic)[a-zéûü]{0,8}\.?"
)
YEAR = r"(?:19|20)\d\d"
DAY = r"(?:[0-2]?\d|3[01])"
DATE = (
    rf"(?:{YEAR}[-/.](?:0?[1-9]|1[0-2])[-/.]{DAY}|{DAY}[-/.]{DAY}[-/.]{YEAR}"
    rf"|{DAY}(?:st|nd|rd|th|\.|er|º)?,? (?:de |of )?{MONTHS},? (?:de )?{YEAR}"
    rf"|{MONTHS} {DAY}(?:st|nd|rd|th)?,? {YEAR})"
)
# Names of streets are capitalised, or "3 people on the way" and "via DHL 12" would be addresses.
STREETS = (
    r"(?:\d{1,5}[a-z]? (?:(?-i:[A-Z])[\w'.-]{0,20} ){1,4}(?:street|st|avenue|ave|road|rd|lane|ln|boulevard"
    r"|blvd|drive|dr|court|ct|way|place|pl|square|terrace|crescent|close)\b\.?"
    r"|\d{1,4},? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai) [\w' -]{2,40}"
    r"|(?-i:Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Av\.) [\w' .-]{2,40},? \d{1,5}"
    r"|(?-i:[A-ZÄÖÜ])[\w-]{1,30}(?:straße|strasse|str\.|weg|allee|platz|gasse|ring|ufer) \d{1,4}[a-z]?)"
)


def _iban(country: str, length: int) -> str:
    groups, rest = divmod(length - 4, 4)
    return rf"{country}\d\d(?: ?[a-z0-9]{{4}}){{{groups}}}" + (rf" ?[a-z0-9]{{{rest}}}" if rest else "")


IBAN = "|".join(_iban(country, length) for country, length in IBAN_LENGTHS.items())

PATTERNS = (
    # Secrets: whoever reads them can act in somebody's name.
    Pattern(
        "private_key",
        r"-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----",
        CRITICAL,
        needles=("private key-",),
    ),
    Pattern("jwt", r"eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{10,1000}", CRITICAL, "jwt", needles=("eyj",)),
    Pattern("aws_key", r"(?:AKIA|ASIA)[0-9A-Z]{16}", CRITICAL, "secret", needles=("akia", "asia")),
    Pattern(
        "aws_key",
        r"[A-Za-z0-9/+]{40}",
        CRITICAL,
        "secret",
        ("aws_secret", "secret access key", "secretaccesskey"),
    ),
    Pattern(
        "github_token",
        r"gh[pousr]_[A-Za-z0-9]{36,255}",
        CRITICAL,
        "secret",
        needles=("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    ),
    Pattern("github_token", r"github_pat_\w{60,255}", CRITICAL, "secret", needles=("github_pat_",)),
    Pattern(
        "llm_api_key",
        r"sk-(?:ant-|proj-|svcacct-|or-v1-)?[\w-]{20,200}",
        CRITICAL,
        "secret",
        needles=("sk-",),
    ),
    Pattern("slack_token", r"xox[abeoprs]-[A-Za-z0-9-]{10,200}", CRITICAL, "secret", needles=("xox",)),
    Pattern(
        "stripe_key",
        r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}",
        CRITICAL,
        "secret",
        needles=("k_live_", "k_test_"),
    ),
    Pattern("google_api_key", r"AIza[\w-]{35}", CRITICAL, "secret", needles=("aiza",)),
    # Money.
    Pattern("credit_card", r"\d(?:[ -]?\d){12,18}", CRITICAL, "credit_card", guarded=True, digits=13),
    Pattern("iban", IBAN, CRITICAL, "iban", digits=6),
    Pattern("bitcoin_address", r"[13][1-9A-HJ-NP-Za-km-z]{25,34}", MEDIUM, "base58check", digits=1),
    Pattern("bitcoin_address", r"bc1[02-9ac-hj-np-z]{11,71}", MEDIUM, "bech32", needles=("bc1",)),
    Pattern(
        "ethereum_address", r"0x[0-9a-f]{40}", MEDIUM, None, ("wallet", "ethereum", "eth "), needles=("0x",)
    ),
    # Numbers that a state gave to a person.
    Pattern(
        "fr_nir",
        r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d",
        CRITICAL,
        "fr_nir",
        guarded=True,
        digits=14,
    ),
    Pattern(
        "it_codice_fiscale",
        r"[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]",
        CRITICAL,
        "it_codice_fiscale",
        digits=2,
    ),
    Pattern("br_cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d", CRITICAL, "br_cpf", digits=11),
    Pattern("br_cpf", r"\d{11}", CRITICAL, "br_cpf", ("cpf",), digits=11),
    Pattern("us_itin", r"9\d\d[- ]\d\d[- ]\d{4}", CRITICAL, "us_itin", guarded=True, digits=9),
    Pattern("us_ssn", r"\d{3}-\d\d-\d{4}", CRITICAL, "us_ssn", guarded=True, digits=9),
    Pattern("us_ssn", r"\d{3} ?\d\d ?\d{4}", CRITICAL, "us_ssn", ("ssn", "social security"), digits=9),
    Pattern("uk_nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", CRITICAL, "uk_nhs", ("nhs",), digits=10),
    Pattern(
        "uk_nino",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]",
        CRITICAL,
        "uk_nino",
        guarded=True,
        digits=6,
    ),
    Pattern(
        "ca_sin",
        r"\d{3}[ -]?\d{3}[ -]?\d{3}",
        CRITICAL,
        "ca_sin",
        ("social insurance", "sin ", "sin:", "assurance sociale"),
        digits=9,
    ),
    Pattern("au_tfn", r"\d{3} ?\d{3} ?\d{3}", CRITICAL, "au_tfn", ("tfn", "tax file"), digits=9),
    Pattern("au_medicare", r"[2-6]\d{3} ?\d{5} ?\d", CRITICAL, "au_medicare", ("medicare",), digits=10),
    Pattern(
        "de_tax_id",
        r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}",
        CRITICAL,
        "de_tax_id",
        ("steuer", "idnr", "tax id", "tax identification", "tin "),
        digits=11,
    ),
    Pattern(
        "de_id_card",
        r"[CFGHJ-NPRTV-Z][0-9CFGHJ-NPRTV-Z]{8}\d",
        CRITICAL,
        "de_id_card",
        ("ausweis", "personalausweis", "id card", "identity card"),
        digits=2,
    ),
    Pattern("es_nie", r"[XYZ]-?\d{7}-?[A-Z]", CRITICAL, "es_nie", guarded=True, digits=7),
    Pattern("es_dni", r"\d{8}-?[A-Z]", CRITICAL, "es_dni", guarded=True, digits=8),
    Pattern(
        "nl_bsn",
        r"\d{9}|\d{4}\.\d\d\.\d{3}",
        CRITICAL,
        "nl_bsn",
        ("bsn", "burgerservice", "sofinummer"),
        digits=9,
    ),
    Pattern(
        "in_aadhaar",
        r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}",
        CRITICAL,
        "in_aadhaar",
        ("aadhaar", "aadhar", "uidai"),
        digits=12,
    ),
    Pattern("in_pan", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", CRITICAL, guarded=True, digits=4),
    Pattern("passport", r"[A-Z0-9]{6,9}", CRITICAL, "document_number", PASSPORT_WORDS, digits=2),
    Pattern(
        "drivers_license", r"[A-Z0-9][A-Z0-9-]{5,17}", CRITICAL, "document_number", LICENCE_WORDS, digits=2
    ),
    # How to reach or find somebody.
    Pattern(
        "email",
        r"\w[\w.+%'-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}",
        HIGH,
        "email",
        needles=("@",),
        words=True,
    ),
    Pattern("phone", r"\+\d(?:[ ().-]{0,2}\d){6,14}", HIGH, "is_international", needles=("+",), digits=7),
    Pattern(
        "phone",
        r"(?:1[ .-])?(?:\([2-9]\d\d\) ?[2-9]\d\d[ .-]\d{4}|[2-9]\d\d([.-])[2-9]\d\d\1\d{4})",
        HIGH,
        "is_north_american",
        guarded=True,
        digits=10,
    ),
    Pattern(
        "phone",
        r"0[1-9](?:[ .]\d\d){4}(?! \d\d\b)|\([1-9]{2}\) 9?[2-9]\d{3}-\d{4}|07[1-9]\d\d \d{6}"
        r"|01[567]\d[ /-]\d{7,8}|04\d\d \d{3} \d{3}|0[789]0-\d{4}-\d{4}",
        HIGH,
        "is_national",
        guarded=True,
        digits=10,
    ),
    Pattern(
        "phone", r"\(?\d(?:[ ()./-]{0,2}\d){7,11}", HIGH, "is_national", PHONE_WORDS, guarded=True, digits=8
    ),
    Pattern("date_of_birth", DATE, HIGH, None, BIRTH_WORDS, digits=4, words=True),
    Pattern("postal_address", STREETS, HIGH, None, HOME_WORDS, digits=1, words=True),
    Pattern(
        "gps_coordinates",
        r"-?\d{1,2}\.\d{4,12},\s{0,2}-?\d{1,3}\.\d{4,12}",
        HIGH,
        "gps_coordinates",
        PLACE_WORDS,
        digits=6,
    ),
    Pattern(
        "ip_address",
        r"(?:\d{1,3}\.){3}\d{1,3}",
        MEDIUM,
        "any_ip_address",
        ("ip ", "ip:", "ip-", "(ip"),
        digits=4,
    ),
    Pattern("ip_address", r"(?<!==)(?:\d{1,3}\.){3}\d{1,3}", MEDIUM, "ip_address", guarded=True, digits=4),
    Pattern(
        "ip_address",
        r"(?:[0-9a-f]{1,4}:){1,7}(?::|(?::?[0-9a-f]{1,4})(?::[0-9a-f]{1,4}){0,6})",
        MEDIUM,
        "ip_address",
        needles=(":",),
    ),
    Pattern(
        "internal_ip_address",
        r"(?:\d{1,3}\.){3}\d{1,3}|f[cd][0-9a-f]{2}:[0-9a-f:]{2,36}",
        LOW,
        "internal_ip_address",
        guarded=True,
        needles=("10.", "172.", "192.168.", "fc", "fd"),
    ),
    Pattern("mac_address", r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", MEDIUM, "mac_address", digits=1),
    Pattern("bic", r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", LOW, "bic", ("bic", "swift")),
)

KINDS = tuple(dict.fromkeys(pattern.kind for pattern in PATTERNS))
"""All kinds in the order of the table."""

OPTIONAL = ("internal_ip_address",)
"""Looked for only when somebody asks: they say something about a network and nothing about a person."""

DEFAULT_KINDS = tuple(kind for kind in KINDS if kind not in OPTIONAL)
"""What is looked for unless somebody says otherwise."""

GUARDS = (
    "order", "invoice", "ticket", "tracking", "reference", "ref", "case", "isbn", "issn", "ean", "upc",
    "gtin",
    "sku", "part", "serial", "model", "build", "commit", "uuid", "transaction", "article", "item", "product",
    "batch", "lot", "version", "release", "firmware", "chrome", "driver", "po", "booking", "confirmation",
    "shipment", "parcel", "job", "request", "error", "code", "flight", "bestellung", "bestellnummer",
    "rechnung",
    "rechnungsnummer", "sendungsnummer", "artikelnummer", "vorgang", "commande", "facture", "suivi",
    "pedido",
    "factura", "ordine", "fattura", "fatura", "v", "rev", "part no", "model no", "asset", "meter",
)  # fmt: skip
"""Words in front of a number that say it is not about a person."""
