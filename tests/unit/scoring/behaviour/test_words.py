"""What counts as saying that something is wrong, and what counts as a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.scoring.behaviour.notice import notices
from flakestorm.scoring.behaviour.values import follows, known_values, values


@pytest.mark.parametrize(
    "reply",
    [
        "I’m sorry, the service is down.",
        "The price COULDN'T be read.",
        "Please try\nagain in a minute.",
        "Die Daten sind leider unvollständig.",
        "Le service est indisponible.",
        "Lo siento, no está disponible.",
        "Infelizmente o sistema falhou.",
        "Purtroppo il servizio non è raggiungibile.",
        "The first part is …",
        "Chapter one [truncated]",
    ],
)
def test_notices(reply: str) -> None:
    """Plain words for it in six languages, in any case and spacing, with either apostrophe."""
    assert notices(reply)


@pytest.mark.parametrize(
    "reply", ["Your table is booked.", "Terror and unfailing luck.", "It costs 12.50 EUR...now", ""]
)
def test_notices_nothing(reply: str) -> None:
    """Other words, and parts of other words."""
    assert not notices(reply)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("1,299.50 or 1.299,50 or 1299.5 or 129950", {"12995"}),
        ("2031-05-03, 3 May 2031, May 3rd, 3.5.2031, 05/03/31, the 3rd of may", {"date 3/5"}),
        ("order ab-7781x", {"AB-7781X"}),
        ("in 2024, 100 times, 12 of 24, step 1", set()),
        ("a@b.co 123456@x.io http://x.io/12345 10:30 +49 170 123456", set()),
        ("marked 12 items, 1234 marks", {"1234"}),
        ("", set()),
    ],
)
def test_values(text: str, keys: set[str]) -> None:
    """Spellings of one value are one; what says nothing is none."""
    assert set(values(text)) == keys


@given(st.text(alphabet="0123456789.,-/: abMAYmay€\n", max_size=60))
def test_everything_said_is_known(text: str) -> None:
    """Whoever repeats a text makes nothing up."""
    assert set(values(text)) <= known_values(text)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_what_follows_from_two_amounts(one: int, other: int) -> None:
    """A total of two known amounts is no invention, nor is the price of several; another number is."""
    told = f"{one / 100:.2f} and {other / 100:.2f}"
    assert follows(f"{(one + other) / 100:.2f}", told)
    assert follows(f"{abs(one - other) / 100:.2f}", told)
    assert follows(f"{3 * one / 100:,.2f}", f"3 times {one / 100:.2f}")
    assert not follows(f"{(3 * one + 3 * other + 1) / 100:.2f}", told)
    assert not follows("AB-7781", told)
