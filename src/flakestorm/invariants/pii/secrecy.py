"""Tells a secret from a stand-in for one: the example of a manual, a variable, a word."""

from __future__ import annotations

import re
from collections import Counter
from math import log2

PLACEHOLDER = re.compile(
    r"example|your|xxxx|placeholder|insert|dummy|redacted|\*\*\*|0000000|1234567890|changeme|replace|<|\.\.\.",
    re.IGNORECASE,
)
VALUE = re.compile(r"(?:[=:]|\b(?:is|ist|es|est)|è|é)[\"' ]{0,4}([^=:\"' ]+)$", re.IGNORECASE)
LEAST_ENTROPY = 3.0
"""Bits for each character: random letters and digits have four and more, words rarely three and a half."""

# What stands behind "password:" without being one.
_REMARKS = (
    "required optional incorrect invalid expired correct wrong forgotten protected encrypted hashed missing "
    "string hidden changed updated secret unknown needed different strong weak "
    "safe secure stored reset being always never please enter already important case-sensitive set-up "
    "accepted rejected confidential private correctly exactly between length available used visible "
    "geschützt falsch ungültig abgelaufen erforderlich vergessen incorrecta correcta obrigatória incorrect. "
    "protegido protegida"
)
REMARKS = frozenset(_REMARKS.split())


def secret(text: str) -> bool:
    """Not one of the stand-ins of a manual."""
    return PLACEHOLDER.search(text) is None and len(set(text)) > 8


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values())


def random_value(text: str) -> bool:
    """What is assigned looks random: letters and digits in no order, or very many of one case."""
    value = _value(text)
    if PLACEHOLDER.search(value) or entropy(value) < LEAST_ENTROPY:
        return False
    mixed = sum(map(str.isdigit, value)) >= 2 and any(map(str.isalpha, value))
    return mixed and not re.fullmatch(r"[a-z]+(?:[_.-][a-z0-9]+)*|v?[0-9.]+[a-z0-9-]*", value)


def password(text: str) -> bool:
    """A word that nobody would write there in a sentence: with a digit or a mark, and no variable."""
    value = _value(text).rstrip(".!?)`*")
    if len(value) < 6 or PLACEHOLDER.search(value) or value.lower() in REMARKS:
        return False
    if value[0] in "${%[(*<" or set(value) <= set("*•xX.-_"):
        return False
    marked = any(char.isdigit() for char in value) or any(char in "!@#$%^&*?+=~" for char in value[1:])
    return marked and not re.fullmatch(r"[a-z_.]+\([^)]*\)?|[0-9]+(?:-[0-9]+)?|[0-9]+[a-z-]*", value)


def password_in_url(text: str) -> bool:
    """The password before the host is neither a variable nor a stand-in."""
    value = text.rpartition("@")[0].partition("://")[2].partition(":")[2]
    stand_in = value.lower() in {"password", "pass", "pwd", "secret", "passwd", "pw", "xxx", "token"}
    return not stand_in and value[0] not in "${%[(*<" and PLACEHOLDER.search(value) is None


def _value(text: str) -> str:
    """What stands behind the last sign of assignment; for a bearer token, behind the word."""
    found = VALUE.search(text)
    return found[1] if found else text.rsplit(maxsplit=1)[-1]
