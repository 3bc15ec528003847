"""The same number in other digits, and with or without separators of thousands."""

from __future__ import annotations

import pytest

from flakestorm.model.mutation import apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import generator
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.language_mixing_digits import other_digits
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import Source


def in_other_digits(text: str, ordinal: int = 0) -> str | None:
    """What the operator makes of ``text``."""
    draft = other_digits(Source(text, protected_spans(text)), generator(0, text, ordinal), 0.3)
    return None if draft is None else apply_edits(text, draft.edits)


@pytest.mark.parametrize("text", ["Where is order 4512?", "It cost 12.50 at 19:00 on 3 March 2027."])
def test_the_value_stays(text: str) -> None:
    """Every digit is another character of the same value, and nothing else changes."""
    scripts = set()
    for ordinal in range(40):
        made = in_other_digits(text, ordinal)
        assert made is not None
        assert "".join(str(int(char)) if char.isdecimal() else char for char in made) == text
        assert not any(char in "0123456789" for char in made)
        scripts.add(next(char for char in made if char.isdecimal()))
    assert len(scripts) == 5


@pytest.mark.parametrize(
    "text",
    [
        "Where is it?",
        "See https://shop.example/order/4512 for me",
        "My room is B12 and my part is 12-B",
        'Print "order 4512" please',
        "Fill in {4512} or `x = 4512`",
        "Write to me@4512.example",
    ],
)
def test_exact_values_stay(text: str) -> None:
    """Codes, addresses, quotations and placeholders are left alone."""
    assert in_other_digits(text) is None


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("It is 1250 km away.", "It is 1,250 km away."),
        ("It is 1,250,000 km away.", "It is 1250000 km away."),
        ("I paid $4500.50 for it.", "I paid $4,500.50 for it."),
    ],
)
def test_separators_of_thousands(text: str, other: str) -> None:
    """Amounts with a unit or a currency get separators, or lose them."""
    assert other in {unit_formats(text, ordinal) for ordinal in range(20)}


@pytest.mark.parametrize("text", ["It is 125 km away.", "Code 0125 km", "Order 4512 is late."])
def test_other_numbers_have_none(text: str) -> None:
    """Small numbers, numbers with leading zeros and names get none."""
    assert all("," not in (unit_formats(text, ordinal) or "") for ordinal in range(20))


def unit_formats(text: str, ordinal: int) -> str | None:
    """What ``paraphrase.unit_format`` makes of ``text``."""
    mutation = Mutator(MutationsConfig(), 0).one(GoldenPrompt((text,)), "paraphrase.unit_format", ordinal)
    return mutation.text if mutation else None
