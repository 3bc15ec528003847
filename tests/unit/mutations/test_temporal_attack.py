"""Temporal attacks: the dates are what their operator says."""

from __future__ import annotations

from datetime import date, datetime
from random import Random

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.registry import Source, operators
from flakestorm.mutations.tables import sections
from flakestorm.mutations.temporal_attack import ANCHORS, CLAIMS, FRAMES, MOMENTS, STEPS

TEXT = "What is the status of order 4512?"


def mutated(name: str, seed: int = 0, intensity: float = 0.3) -> str:
    """What the operator makes of the prompt."""
    draft = operators.get(f"temporal_attack.{name}").function(Source(TEXT), Random(seed), intensity)
    assert draft is not None
    return apply_edits(TEXT, draft.edits)


def test_all_are_edge_cases() -> None:
    """No particular answer is expected."""
    infos = [info for _, info in operators.items() if info.type == "temporal_attack"]
    assert {(info.kind, info.implied) for info in infos} == {(Kind.EDGE, ())}
    assert len(infos) == len(MOMENTS) + len(CLAIMS) + 2


@pytest.mark.parametrize("name", MOMENTS)
def test_moments_stand_in_a_frame(name: str) -> None:
    """Every moment of the list comes up, around the whole prompt."""
    texts = {mutated(name, seed) for seed in range(400)}
    possible = {
        before.replace("{date}", moment) + TEXT + after.replace("{date}", moment)
        for moment in sections("moments")[name]
        for before, after in FRAMES
    }
    assert texts <= possible
    assert all(any(moment in text for text in texts) for moment in sections("moments")[name])


def test_impossible_dates_are_impossible() -> None:
    """No date in the list can be parsed as what it looks like."""
    for moment in sections("moments")["impossible_date"]:
        for form in ("%d %B %Y", "%Y-%m-%d", "%d/%m/%Y"):
            with pytest.raises(ValueError, match=r"match|out of range|unconverted"):
                datetime.strptime(moment, form)  # noqa: DTZ007 - it must not parse


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_keep_the_prompt(name: str) -> None:
    """All wordings come up."""
    assert {mutated(name, seed) for seed in range(100)} == {
        before + TEXT + after for before, after in CLAIMS[name][1]
    }


@pytest.mark.parametrize(("intensity", "steps"), [(0.0, 2), (0.5, 5), (1.0, 8)])
def test_relative_chains_grow_with_intensity(intensity: float, steps: int) -> None:
    """Different steps and an anchor."""
    text = mutated("relative_chain", intensity=intensity)
    assert sum(step in text for step in STEPS) == steps
    assert any(anchor in text for anchor in ANCHORS)


@pytest.mark.parametrize(("intensity", "number"), [(0.0, 3), (1.0, 30)])
def test_many_dates_are_real_dates(intensity: float, number: int) -> None:
    """As many different ones as the intensity says, in order."""
    listed = (
        mutated("many_dates", intensity=intensity).partition("separately for ")[2].rstrip(".").split(", ")
    )
    dates = [date.fromisoformat(text) for text in listed]
    assert len(set(dates)) == number
    assert dates == sorted(dates)
