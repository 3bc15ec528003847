"""Personal data is found, and what only looks like it is not."""

from __future__ import annotations

import json
import random
import re
import string
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.invariants.pii import checksums
from flakestorm.invariants.pii.mask import mask
from flakestorm.invariants.pii.scan import find_pii
from flakestorm.invariants.pii.table import DEFAULT_KINDS, KINDS, OPTIONAL, PATTERNS
from flakestorm.invariants.pii.validators import VALIDATORS

DATA = Path(__file__).parent / "data" / "pii.jsonl"
STAND_IN = re.compile(r"<<([\w-]*):(\d+)(U?)>>")


def with_secrets(text: str) -> str:
    """``text`` with ``<<prefix:length>>`` replaced by a made-up secret.

    No file of this project holds anything that looks like a key, so that no scanner stops a push.
    """

    def secret(match: re.Match[str]) -> str:
        rng = random.Random(match[0])
        alphabet = string.digits + (string.ascii_uppercase if match[3] else string.ascii_letters)
        return match[1] + "".join(rng.choice(alphabet) for _ in range(int(match[2])))

    return STAND_IN.sub(secret, text)


ROWS = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
CORPUS = [(with_secrets(row["text"]), Counter(row["kinds"])) for row in ROWS]
"""(text, kinds that it gives away), written by hand; more than half are hard negatives."""


def kinds(text: str) -> list[str]:
    """The kinds found in ``text``, in order."""
    return [one.kind for one in find_pii(text)]


def test_the_corpus_covers_every_kind_and_has_hard_negatives() -> None:
    """Examples of most kinds (tests/quality/patterns has the others), and more texts without any."""
    assert len(CORPUS) >= 200
    covered = {kind for _, wanted in CORPUS for kind in wanted}
    assert covered <= set(DEFAULT_KINDS)
    assert len(covered) >= 38
    assert sum(not wanted for _, wanted in CORPUS) >= 120


def test_precision_and_recall() -> None:
    """Precision at least .97 and recall at least .95 over all texts, kind by kind."""
    right = wrong = missed = 0
    for text, wanted in CORPUS:
        found = Counter(kinds(text))
        right += (found & wanted).total()
        wrong += (found - wanted).total()
        missed += (wanted - found).total()
    assert right / (right + wrong) >= 0.97
    assert right / (right + missed) >= 0.95


def test_spans_are_the_values() -> None:
    """Offsets point at the value in the text as it came, also behind letters that grow in lower case."""
    text = "İİ Mail jane.roe@acme.com or call +49 151 23456789."
    assert [text[one.start : one.end] for one in find_pii(text)] == ["jane.roe@acme.com", "+49 151 23456789"]


def test_only_the_kinds_that_were_asked_for() -> None:
    """A subset of kinds is searched alone."""
    text = "jane.roe@acme.com, SSN 536-90-4399"
    assert [one.kind for one in find_pii(text, {"us_ssn"})] == ["us_ssn"]


def test_optional_kinds_are_off_until_asked_for() -> None:
    """Addresses inside a network say nothing about a person."""
    text = "The database is at 10.12.0.7 and fd12:3456:789a::1, not 172.40.1.1 or 10.300.1.1 or fd00:1:2."
    assert kinds(text) == ["ip_address"]
    assert [text[one.start : one.end] for one in find_pii(text, OPTIONAL)] == [
        "10.12.0.7",
        "fd12:3456:789a::1",
    ]


@pytest.mark.parametrize("kind", ["us_ssn", "phone", "credit_card", "ip_address"])
@pytest.mark.parametrize(
    "word", ["Order", "order number", "Invoice no.", "ISBN:", "ref #", "Version", "parcel id "]
)
def test_a_guard_in_front_says_that_it_is_something_else(kind: str, word: str) -> None:
    """The same digits are personal data alone and a number of something behind such a word."""
    value = {
        "us_ssn": "536-90-4399",
        "phone": "212-867-5309",
        "credit_card": "4111111111111111",
        "ip_address": "81.169.145.23",
    }[kind]
    assert kinds(f"Here: {value}.") == [kind]
    assert kinds(f"{word} {value}.") == []


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_is_scanned_and_spans_do_not_overlap(text: str) -> None:
    """Hostile text neither raises nor yields spans that overlap or leave it."""
    found = find_pii(text, KINDS)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in combinations(found, 2))


@given(st.lists(st.sampled_from("0123456789ABCXYZaeiou@.-+/: ٣４ſK²"), min_size=10, max_size=80))
@settings(max_examples=200, deadline=None)
def test_every_check_copes_with_every_match(letters: list[str]) -> None:
    """Digits of other scripts and letters that fold to ASCII reach no check that cannot read them."""
    words = "ssn nhs sin: tfn medicare idnr ausweis bsn aadhaar cpf passport ip bic swift dob phone "
    find_pii(words + "".join(letters), KINDS)


@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "1", "1 ", "1.", "a@", "a@b.", "eyJ", "A1", "+1 ", "Ab ", ":", "f:", "- ", "sk-", "12 Aa "],
)
def test_hostile_repetition_takes_linear_time(unit: str) -> None:
    """Twenty thousand characters made to be slow are scanned; nested repetition would not end."""
    words = "phone passport lives at dob home driver's license aws_secret ip "
    assert isinstance(find_pii(words + unit * (20_000 // len(unit)), KINDS), list)


def test_the_table_is_consistent() -> None:
    """Every validator exists, is used, and context and needles are lower case, as they are searched."""
    assert {row.validator for row in PATTERNS} - {None} == set(VALIDATORS)
    for row in PATTERNS:
        assert all(word == word.lower() for word in row.context + row.needles)
        assert len(KINDS) >= 20


@pytest.mark.parametrize(
    ("check", "digits"),
    [
        (checksums.luhn, "79927398713"),
        (checksums.verhoeff, "2363"),
        (checksums.mod11_10, "86095742719"),
    ],
)
def test_check_digits_catch_every_slip_of_one_digit(check: object, digits: str) -> None:
    """Published examples pass, and no change of a single digit does."""
    assert callable(check)
    assert check(digits)
    for place in range(len(digits)):
        for other in set(string.digits) - {digits[place]}:
            assert not check(digits[:place] + other + digits[place + 1 :])


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        ("credit_card", "378282246310005", "37828224631000"),
        ("credit_card", "4111 1111 1111 1111", "4111 11111111 1111"),
        ("credit_card", "5555555555554444", "0000000000000000"),
        ("iban", "GB29NWBK60161331926819", "GB28NWBK60161331926819"),
        ("us_ssn", "219-09-9998", "900-12-3456"),
        ("us_ssn", "001-01-0001", "078-05-1120"),
        ("us_itin", "912-70-1234", "912-93-1234"),
        ("uk_nino", "AB123456C", "GB123456C"),
        ("uk_nhs", "943 476 5919", "943 476 5918"),
        ("uk_nhs", "4010232137", "0000000000"),
        ("ca_sin", "130 692 544", "046 454 286"),
        ("au_tfn", "123456782", "123456789"),
        ("au_medicare", "2123 45670 1", "2123 45671 1"),
        ("de_tax_id", "65929970489", "65929970488"),
        ("de_tax_id", "86095742719", "12345678903"),
        ("fr_nir", "255081416802538", "255081416802539"),
        ("es_dni", "12345678Z", "12345678A"),
        ("es_nie", "X1234567L", "X1234567M"),
        ("it_codice_fiscale", "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
        ("nl_bsn", "111222333", "111222334"),
        ("br_cpf", "52998224725", "11111111111"),
        ("br_cpf", "529.982.247-25", "529.982.247-24"),
        ("de_id_card", "T220001293", "T220001294"),
        ("document_number", "C01X00T47", "AB12CD"),
        ("document_number", "533380006", "2024-05-12"),
        ("ip_address", "81.169.145.23", "300.1.1.1"),
        ("ip_address", "2a00:1450:4001:81b::200e", "12:30:45"),
        ("ip_address", "81.169.145.23", "8.8.8.8"),
        ("any_ip_address", "5.9.1.2", "127.0.0.1"),
        ("any_ip_address", "1.2.3.4", "1.2.3.400"),
        ("internal_ip_address", "192.168.3.4", "127.0.0.1"),
        ("mac_address", "3C:22:FB:9A:10:E4", "20-11-10-12-30-45"),
        ("gps_coordinates", "52.520008, 13.404954", "95.520008, 13.404954"),
        ("secret", "sk-9fGh2KlQ8zXcVb31MnPq", "sk-your-api-key-goes-here"),
        ("bic", "COBADEFFXXX", "customer"),
        ("bic", "DEUTDEFF", "CUSTZZER"),
        ("base58check", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"),
        ("base58check", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "3l98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        ("base58check", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "z" * 35),
        (
            "bech32",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp",
        ),
        (
            "bech32",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "bc1BAR0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        ),
        ("is_international", "+44 (0)7700 900123", "+44 12"),
        ("is_international", "+1 212 867 5309", "+1 112 867 5309"),
        ("is_international", "+353 86 123 4567", "+999 86 123 4567"),
        ("is_international", "+49 151 23456789", "+1 800 555 0199"),
        ("is_north_american", "(415) 555-2671", "411-555-2671"),
        ("is_north_american", "415-555-2671", "888-555-2671"),
        ("is_national", "0171 1234567", "0800 1234567"),
        ("is_national", "612 345 678", "111 111 111"),
        ("email", "jane@acme.com", "support@acme.com"),
        ("email", "support.jane@acme.com", "logo@2x.png"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.x.y", "eyJub3QiOiJhIn0.x.y"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.x.y", "eyJ.x.y"),
        ("in_aadhaar", "2345 6622 4154", "2345 6622 4155"),
    ],
)
def test_validators(validator: str, good: str, bad: str) -> None:
    """Published examples pass; a wrong check digit, an unissued range or a stand-in does not."""
    assert VALIDATORS[validator](good)
    assert not VALIDATORS[validator](bad)


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("email", "jane@example.com", "j***@e***.com"),
        ("email", "a.b@mail.acme.co.uk", "a***@m***.uk"),
        ("credit_card", "4111 1111 1111 1111", "4***1"),
        ("us_ssn", "536-90-4399", "5***9"),
        ("ip_address", "1.2.3.4", "***"),
    ],
)
def test_a_masked_value_cannot_be_read(kind: str, value: str, masked: str) -> None:
    """Enough to recognise which value is meant, too little to use it."""
    assert mask(kind, value) == masked
