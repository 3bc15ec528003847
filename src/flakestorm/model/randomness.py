"""Deterministic decisions: each draws from its own hash, so that order and concurrency cannot change it."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

SEPARATOR = b"\x1f"
UNIT = 1 / 2**64


def digest(*parts: object, size: int = 8) -> bytes:
    """Hash ``parts`` (their ``str`` forms, unambiguously joined) to ``size`` bytes with BLAKE2b."""
    texts = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    return blake2b(SEPARATOR.join(b"%d:%b" % (len(t), t) for t in texts), digest_size=size).digest()


def identifier(*parts: object, length: int = 12) -> str:
    """A stable lower-case hexadecimal id of ``length`` characters for ``parts``."""
    return digest(*parts, size=(length + 1) // 2).hex()[:length]


def draw(seed: int, subject: str, what: str, ordinal: int = 0) -> float:
    """A number in [0, 1) that depends on nothing but the arguments."""
    return int.from_bytes(digest(seed, subject, what, ordinal), "big") * UNIT


def generator(seed: int, subject: str, what: str, ordinal: int = 0) -> Random:
    """A random generator of its own for one decision that needs several draws."""
    return Random(int.from_bytes(digest(seed, subject, what, ordinal), "big"))
