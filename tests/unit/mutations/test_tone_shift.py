"""Tones change how something is said, and leave readable sentences."""

from __future__ import annotations

import pytest

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator


def possible(operator: str, text: str) -> set[str]:
    """What ``operator`` makes of ``text`` in 60 tries at full intensity."""
    mutator = Mutator(MutationsConfig(), seed=1)
    made = (mutator.one(GoldenPrompt((text,)), f"tone_shift.{operator}", n, 1.0) for n in range(60))
    return {mutation.text for mutation in made if mutation}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please cancel the order.", {"Cancel order."}),
        ("I would like to cancel it. I want to go.", {"Cancel it. Go."}),
        ("The thing that I want to buy is here.", {"Thing that I want to buy is here."}),
        ("Could you please help?", {"Please help?"}),
        ("Please", set()),
        ("Cancel it, please.", set()),
    ],
)
def test_terse(text: str, expected: set[str]) -> None:
    """What can be dispensed with is dropped; the next word takes over the capital."""
    assert possible("terse", text) == expected


def test_shouting_ends_with_exclamation_marks() -> None:
    """A statement loses its full stop, a question keeps its mark."""
    assert all(text.rstrip("!") == "GO NOW" for text in possible("shouting", "Go now."))
    assert all(text.rstrip("!") == "WHERE IS 5 km?" for text in possible("shouting", "Where is 5 km?"))


@pytest.mark.parametrize("tone", ["angry", "formal", "slang", "shouting", "childlike"])
def test_nothing_to_say(tone: str) -> None:
    """White space has no tone."""
    assert possible(tone, " \n ") == set()


def test_replaced_first_words_keep_their_capital() -> None:
    """An opening in front of a replaced word does not take its capital."""
    made = possible("slang", "Hello there, give me money.")
    assert any(text.startswith("Yo, Yo there, gimme cash") for text in made)
