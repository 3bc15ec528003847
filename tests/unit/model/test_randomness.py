"""Seeded decisions: the same everywhere, independent of each other, and evenly spread."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from random import Random

import pytest

from flakestorm.model.randomness import Draws, digest, draw, generator, identifier


def test_digest_is_stable() -> None:
    """Ids in stored runs depend on it, so the bytes may never change."""
    assert digest("a", 1).hex() == "da928d390605e835"
    assert identifier("a", 1, length=7) == "e4d4945"


def test_digest_frames_its_parts() -> None:
    """Text cannot move from one part to the next unnoticed."""
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a\x1f1:b") != digest("a", "b")
    assert digest("\ud800") != digest("?")


def test_draw_is_the_digest_as_a_number() -> None:
    """``draw`` is documented as the hash of its arguments, whatever is cached on the way."""
    for ordinal in (0, 7, 123456):
        expected = int.from_bytes(digest(5, "prompt", "noise", ordinal), "big") / 2**64
        assert draw(5, "prompt", "noise", ordinal) == expected


def test_same_arguments_same_draws() -> None:
    """Two generators of one decision agree; those of another ordinal, subject or seed do not."""

    def first(*arguments: object) -> list[float]:
        rng = generator(*arguments)  # type: ignore[arg-type] # the test varies them freely
        return [rng.random() for _ in range(5)]

    assert first(1, "p", "x", 0) == first(1, "p", "x", 0)
    others = [first(1, "p", "x", 1), first(1, "q", "x", 0), first(2, "p", "x", 0), first(1, "p", "y", 0)]
    assert first(1, "p", "x", 0) not in others


def test_known_draws() -> None:
    """The draws of a seed are part of what makes a run repeatable, on every Python version."""
    rng = generator(1, "p", "x", 0)
    seen = (rng.randrange(1000), rng.choice("abcdef"), rng.sample(range(100), 3), rng.getrandbits(40))
    assert seen == (737, "a", [25, 44, 71], 1038914172147)


def test_draws_are_even() -> None:
    """Each of ten values comes up about a tenth of the time."""
    rng = Draws(42)
    counts = Counter(rng.randrange(10) for _ in range(10_000))
    assert len(counts) == 10
    assert all(850 < count < 1150 for count in counts.values())


def test_first_draws_of_many_generators_are_even() -> None:
    """Most decisions use the first draws of their own generator, so these must be even too."""
    counts = Counter(generator(0, "p", "x", ordinal).choice("abcde") for ordinal in range(5000))
    assert all(850 < count < 1150 for count in counts.values())


@pytest.mark.parametrize("size", [0, 1, 5, 20])
def test_sample_takes_different_places(size: int) -> None:
    """A sample never takes one member twice, whichever way it is drawn."""
    sample = Draws(3).sample(range(20), size)
    assert len(set(sample)) == len(sample) == size


def test_sample_with_counts() -> None:
    """``counts`` repeats members, as in the standard library."""
    assert sorted(Draws(3).sample("ab", 3, counts=[2, 1])) == ["a", "a", "b"]


def test_shuffle_keeps_the_members() -> None:
    """Shuffling changes the order and nothing else."""
    items = list(range(30))
    Draws(1).shuffle(items)
    assert items != list(range(30))
    assert sorted(items) == list(range(30))


def test_impossible_draws_are_refused() -> None:
    """Empty ranges and too large samples raise as in the standard library."""
    rng = Draws(0)
    with pytest.raises(ValueError, match="empty range"):
        rng.randrange(0)
    with pytest.raises(ValueError, match="sample of 3 from 2"):
        rng.sample("ab", 3)
    with pytest.raises(IndexError):
        rng.choice("")


def test_getrandbits_stays_in_range() -> None:
    """The number of bits is what was asked for, also across 32."""
    rng = Draws(9)
    for bits in (0, 1, 31, 32, 33, 100):
        values = [rng.getrandbits(bits) for _ in range(50)]
        assert all(0 <= value < 2**bits for value in values)
        assert bits < 31 or max(values) >= 2 ** (bits - 1)


def test_it_is_a_complete_random() -> None:
    """What it inherits works: gauss, choices, uniform; it can be copied, pickled and seeded again."""
    rng = Draws(5)
    assert isinstance(rng, Random)
    assert isinstance(rng.gauss(0, 1), float)
    assert len(rng.choices("abc", k=4)) == 4
    for twin in (copy.deepcopy(rng), pickle.loads(pickle.dumps(rng))):
        assert twin.getstate() == rng.getstate()
        assert twin.random() == copy.copy(rng).random()
    rng.seed("again")
    first = rng.random()
    rng.seed("again")
    assert rng.random() == first
