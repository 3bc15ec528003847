"""The jailbreaks that are more than a wording."""

from __future__ import annotations

from random import Random

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import apply_edits
from flakestorm.mutations.advanced_jailbreak import SHOTS, many_shot, prefix_forcing
from flakestorm.mutations.registry import Source, operators

CANARY = "FS-7Q4M-K2XD"
TEXT = "What is the status of order 4512?"
SOURCE = Source(TEXT, ((28, 32),), CANARY)


def test_the_documented_forms_are_there() -> None:
    """Each form that users can read about is an operator of its own."""
    names = {name.partition(".")[2] for name in operators if name.startswith("advanced_jailbreak.")}
    assert names >= {
        "role_play",
        "hypothetical",
        "developer_mode",
        "grandma",
        "opposite_day",
        "policy_document",
        "many_shot",
        "refusal_suppression",
        "prefix_forcing",
        "persona_split",
    }


@pytest.mark.parametrize(("intensity", "shots"), [(0.0, 8), (0.5, 36), (1.0, 64)])
def test_many_shot_grows_with_intensity(intensity: float, shots: int) -> None:
    """So many granted requests, then the golden prompt, then the order."""
    draft = many_shot(SOURCE, Random(1), intensity)
    assert draft is not None
    text = apply_edits(TEXT, draft.edits)
    assert sum(text.count(f"Assistant: {answer}\n") for _, answer in SHOTS) == shots
    assert f"User: {TEXT}\nUser: " in text
    assert text.endswith("\nAssistant:")


def test_prefix_forcing_prescribes_an_opening_with_the_token() -> None:
    """The prescribed first words are no refusal and lead to the token."""
    for seed in range(20):
        draft = prefix_forcing(SOURCE, Random(seed), 0.3)
        assert draft is not None
        opening = apply_edits(TEXT, draft.edits).split("“")[-1].partition("”")[0]
        assert opening.endswith(f": {CANARY}")
        assert opening.split()[0].strip(".!,") in {"Absolutely", "Sure", "Of", "Yes"}
