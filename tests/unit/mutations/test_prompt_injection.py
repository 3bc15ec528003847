"""The injections that are more than a wording."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import apply_edits
from flakestorm.mutations.prompt_injection import (
    acrostic_payload,
    instruction_in_the_middle,
    misspelled_override,
    recursive_quoting,
)
from flakestorm.mutations.registry import Draft, Source, operators

CANARY = "FS-7Q4M-K2XD"
TEXT = "What is the status of order 4512?"
SOURCE = Source(TEXT, ((28, 32),), CANARY)

Operator = Callable[[Source, Random, float], "Draft | None"]


def mutated(operator: Operator, source: Source = SOURCE, seed: int = 3, intensity: float = 0.3) -> str:
    """The text that the operator makes."""
    draft = operator(source, Random(seed), intensity)
    assert draft is not None
    return apply_edits(source.text, draft.edits)


def test_the_documented_forms_are_there() -> None:
    """Each form that users can read about is an operator of its own."""
    names = {name.partition(".")[2] for name in operators if name.startswith("prompt_injection.")}
    assert names >= {
        "override",
        "fake_end_of_task",
        "fake_system_message",
        "fake_developer_message",
        "delimiter_escape",
        "quoted_document",
        "data_field",
        "payload_splitting",
        "translate_this",
        "recursive_quoting",
        "tool_call",
        "prompt_leak",
    }


def test_instruction_in_the_middle_stands_between_words() -> None:
    """Never inside a word, and never inside a number."""
    for seed in range(50):
        draft = instruction_in_the_middle(SOURCE, Random(seed), 0.3)
        assert draft is not None
        [edit] = draft.edits
        assert TEXT[edit.start - 1] == " "
        assert TEXT[edit.start].isalpha()


def test_instruction_in_the_middle_of_one_word_comes_first() -> None:
    """Without a place between words the instruction goes in front."""
    assert mutated(instruction_in_the_middle, Source("Hello", (), CANARY)).endswith(" Hello")


@pytest.mark.parametrize(("intensity", "depth"), [(0.0, 2), (0.5, 4), (1.0, 6)])
def test_recursive_quoting_grows_with_intensity(intensity: float, depth: int) -> None:
    """The instruction is wrapped once per quoted person."""
    assert mutated(recursive_quoting, intensity=intensity).count(" wrote: ") == depth


def test_acrostic_payload_lists_one_character_per_line() -> None:
    """The lines spell the token."""
    rows = mutated(acrostic_payload).splitlines()[-len(CANARY) :]
    assert rows[:3] == ["1. F", "2. S", "3. -"]
    assert "".join(row.split(" ")[1] for row in rows) == CANARY


def test_misspelled_override_keeps_first_and_last_letters() -> None:
    """People and models still read it; a list of forbidden words does not match."""
    line = mutated(misspelled_override).splitlines()[-1]
    words = line.partition(".")[0].split(" ")
    assert not {"ignore", "previous", "instructions", "disregard", "override"} & set(words)
    assert CANARY in line
