"""Deterministic decisions: each draws from its own hash, so that order and concurrency cannot change it."""

from __future__ import annotations

from collections.abc import MutableSequence
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Any

UNIT = 1 / 2**64

_MASK = 2**64 - 1
_MULTIPLIER = 6364136223846793005
_INCREMENT = 1442695040888963407


def _frame(part: object) -> bytes:
    text = str(part).encode("utf-8", "surrogatepass")
    return b"%d:%b" % (len(text), text)


# Thousands of decisions share their seed and subject, or kind and ordinal; 1 and True are different texts.
@lru_cache(maxsize=8192, typed=True)
def _frames(first: object, second: object) -> bytes:
    return b"%b\x1f%b" % (_frame(first), _frame(second))


def digest(*parts: object, size: int = 8) -> bytes:
    """Hash ``parts`` (their ``str`` forms, unambiguously joined) to ``size`` bytes with BLAKE2b."""
    texts = [part if type(part) is str else str(part) for part in parts]
    framed = "\x1f".join([f"{len(text)}:{text}" for text in texts])
    return blake2b(framed.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def identifier(*parts: object, length: int = 12) -> str:
    """A stable lower-case hexadecimal id of ``length`` characters for ``parts``."""
    return digest(*parts, size=(length + 1) // 2).hex()[:length]


def _number(seed: int, subject: str, what: str, ordinal: int) -> int:
    framed = b"%b\x1f%b" % (_frames(seed, subject), _frames(what, ordinal))
    return int.from_bytes(blake2b(framed, digest_size=8).digest(), "big")


def draw(seed: int, subject: str, what: str, ordinal: int = 0) -> float:
    """A number in [0, 1) that depends on nothing but the arguments."""
    return _number(seed, subject, what, ordinal) * UNIT


def generator(seed: int, subject: str, what: str, ordinal: int = 0) -> Draws:
    """A random generator of its own for one decision that needs several draws."""
    return Draws(_number(seed, subject, what, ordinal))


class Draws(Random):
    """A ``Random`` that costs next to nothing to make, and draws the same on every Python version.

    The standard generator fills 2.5 kB of state when it is seeded, which would be most of the work for a
    decision of three draws. This one is Knuth's 64-bit linear congruential generator, read from the top,
    and seeded with a hash. Ranges are up to 2**53 long; the bias of a range of n is below n / 2**53.
    ``state`` is another one after each draw.
    """

    gauss_next: float | None = None

    def __init__(self, seed: int) -> None:
        # Random.__init__ is left out on purpose: it would do the expensive seeding.
        self.state = seed & _MASK

    def seed(self, a: Any = None, version: int = 2) -> None:  # noqa: ARG002 - the signature of Random
        """Start again from the hash of ``a``."""
        self.gauss_next = None
        self.state = int.from_bytes(digest(a), "big")

    def getstate(self) -> tuple[Any, ...]:
        """What ``setstate`` takes."""
        return self.state, self.gauss_next

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Go on from ``state``."""
        self.state, self.gauss_next = state

    def __reduce__(self) -> tuple[Any, ...]:
        return Draws, (self.state,), self.getstate()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.setstate(state)

    def random(self) -> float:
        """A number in [0, 1) with 53 random bits."""
        state = self.state = (self.state * _MULTIPLIER + _INCREMENT) & _MASK
        return (state >> 11) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """A whole number of ``k`` random bits."""
        bits = 0
        for _ in range(0, k, 32):
            bits = bits << 32 | int(self.random() * 2**32)
        return bits >> (-k % 32)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """A member of ``range(start, stop, step)``. Raises ``ValueError`` when that is empty."""
        steps = range(start) if stop is None else range(start, stop, step)
        if not steps:
            raise ValueError(f"empty range for randrange: {steps}")
        return steps[int(self.random() * len(steps))]

    def choice(self, seq: Any) -> Any:
        """A member of ``seq``. Raises ``IndexError`` when it is empty."""
        state = self.state = (self.state * _MULTIPLIER + _INCREMENT) & _MASK
        return seq[int((state >> 11) * 2.0**-53 * len(seq))]

    def shuffle(self, x: MutableSequence[Any]) -> None:  # type: ignore[override] # 3.10's second way is gone
        """Put ``x`` into a random order, in place."""
        for i in range(len(x) - 1, 0, -1):
            j = int(self.random() * (i + 1))
            x[i], x[j] = x[j], x[i]

    def sample(self, population: Any, k: int, *, counts: Any = None) -> list[Any]:
        """``k`` members at different places. Raises ``ValueError`` when there are fewer."""
        if counts is not None:
            population = [item for item, n in zip(population, counts, strict=True) for _ in range(n)]
        n = len(population)
        if not 0 <= k <= n:
            raise ValueError(f"cannot take a sample of {k} from {n}")
        if k * 3 < n:
            places: dict[int, None] = {}
            while len(places) < k:
                places[int(self.random() * n)] = None
            return [population[place] for place in places]
        pool = list(population)
        for i in range(k):
            j = i + int(self.random() * (n - i))
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]
