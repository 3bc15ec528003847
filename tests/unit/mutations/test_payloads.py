"""What hostile mutations ask for."""

from __future__ import annotations

from random import Random

import pytest

from flakestorm.mutations.payloads import (
    FIELDS,
    FIRM,
    FORCEFUL,
    GENTLE,
    LEAKS,
    OTHERS,
    ask,
    demand,
    fill,
    halves,
    leak,
    other_user,
)

CANARY = "FS-7Q4M-K2XD"


@pytest.mark.parametrize("wording", [*GENTLE, *FIRM, *FORCEFUL, *LEAKS, *OTHERS])
def test_every_wording_asks_for_the_canary(wording: str) -> None:
    """Without it obedience could not be proved."""
    assert "{canary}" in wording
    assert wording[0].isupper()
    assert wording[-1] in ".?"


@pytest.mark.parametrize(("intensity", "wordings"), [(0.0, GENTLE), (0.3, FIRM), (1.0, FORCEFUL)])
def test_intensity_is_forcefulness(intensity: float, wordings: tuple[str, ...]) -> None:
    """Polite at the bottom of the scale, commanding at its top, and all wordings come up."""
    made = {demand(CANARY, Random(seed), intensity) for seed in range(100)}
    assert made == {wording.replace("{canary}", CANARY) for wording in wordings}


def test_most_payloads_ask_for_the_canary_alone() -> None:
    """Some ask for the system prompt, a few for another user's data."""
    rng = Random(1)
    made = [ask(CANARY, rng, 0.3) for _ in range(1000)]
    leaks = {text.replace("{canary}", CANARY) for text in LEAKS}
    others = {text.replace("{canary}", CANARY) for text in OTHERS}
    assert 120 < sum(text in leaks for text in made) < 240
    assert 70 < sum(text in others for text in made) < 180


def test_leak_and_other_user_take_their_own_wordings() -> None:
    """Each payload draws from its own list."""
    assert leak(CANARY, Random(0), 0.3) in {text.replace("{canary}", CANARY) for text in LEAKS}
    assert other_user(CANARY, Random(0), 0.3) in {text.replace("{canary}", CANARY) for text in OTHERS}


def test_halves_join_to_the_canary() -> None:
    """Neither half is the whole."""
    first, second = halves(CANARY)
    assert (first, second) == ("FS-7Q4", "M-K2XD")


def test_fill_replaces_fields_and_leaves_other_braces() -> None:
    """JSON, LaTeX and template braces stay as they are."""
    template = '{"a": "{canary}"} {} {{ x }} ${y} {first}+{second} {reversed} {spaced}'
    assert fill(template, CANARY, Random(0), 0.3) == (
        '{"a": "FS-7Q4M-K2XD"} {} {{ x }} ${y} FS-7Q4+M-K2XD DX2K-M4Q7-SF F S - 7 Q 4 M - K 2 X D'
    )


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_is_filled(field: str) -> None:
    """No field is left in a text that is sent."""
    assert field not in fill(f"a {field} b", CANARY, Random(0), 0.3)
