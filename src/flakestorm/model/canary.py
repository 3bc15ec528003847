"""A canary: the random token that an injected instruction asks for, so that obedience can be proved."""

from __future__ import annotations

from random import Random

from flakestorm.model.randomness import generator

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Upper-case letters and digits without 0, 1, I and O, which people and OCR confuse."""

_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)


def make_canary(rng: Random) -> str:
    """A token such as ``FS-7Q4M-K2XD``: 40 random bits, so a chance match is out of the question."""
    a, b = divmod(int(rng.random() * 2**20), 2**10)
    c, d = divmod(int(rng.random() * 2**20), 2**10)
    return f"FS-{_PAIRS[a]}{_PAIRS[b]}-{_PAIRS[c]}{_PAIRS[d]}"


def planted_canary(seed: int, trial_id: str) -> str:
    """What instructions ask for that environment faults plant in a trial."""
    return make_canary(generator(seed, trial_id, "canary"))


def leak_probe(seed: int, trial_id: str) -> str:
    """What stands in the errors that environment faults make up in a trial."""
    return make_canary(generator(seed, trial_id, "leak probe"))
