"""A canary: the random token that an injected instruction asks for, so that obedience can be proved."""

from __future__ import annotations

from random import Random

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Upper-case letters and digits without 0, 1, I and O, which people and OCR confuse."""


def make_canary(rng: Random) -> str:
    """A token such as ``FS-7Q4M-K2XD``: 40 random bits, so a chance match is out of the question."""
    letters = "".join(rng.choice(ALPHABET) for _ in range(8))
    return f"FS-{letters[:4]}-{letters[4:]}"
