"""Multi-turn attacks: which turns are sent before the last one."""

from __future__ import annotations

from random import Random

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.multi_turn_attack import (
    context_flooding,
    interrupted_request,
    long_conversation,
    repeated_request,
    split_payload,
    topic_switch,
)
from flakestorm.mutations.multi_turn_attack_dialogues import ATTACKS, SMALL_TALK, Dialogue
from flakestorm.mutations.registry import Draft, Source, operators

CANARY = "FS-7Q4M-K2XD"
TEXT = "What is the status of order 4512?"
SOURCE = Source(TEXT, ((28, 32),), CANARY, earlier=("Hello.", "My name is Ann."))
DIALOGUES = [
    pytest.param(dialogue, id=f"{name}-{number}")
    for name, (_, dialogues) in ATTACKS.items()
    for number, dialogue in enumerate(dialogues)
]


def turns(draft: Draft | None) -> tuple[str, ...]:
    """The whole conversation."""
    assert draft is not None
    assert draft.earlier is not None
    return (*draft.earlier, apply_edits(TEXT, draft.edits))


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_dialogues_have_several_turns_and_the_prompt_at_the_end(dialogue: Dialogue) -> None:
    """Otherwise they would not be multi-turn attacks on this prompt."""
    assert len(dialogue) > 1
    assert dialogue[-1].count("{prompt}") == 1


@pytest.mark.parametrize("name", [name for name in operators if name.startswith("multi_turn_attack.")])
def test_the_golden_turns_come_first(name: str) -> None:
    """The golden prompt's own conversation is kept, and the golden text is in the last turn or before it."""
    for seed in range(8):
        made = turns(operators.get(name).function(SOURCE, Random(seed), 0.3))
        assert made[:2] == SOURCE.earlier
        assert len(made) > 3
        assert TEXT in made[-1]


def test_context_flooding_plants_floods_and_triggers() -> None:
    """The order comes before the flood and the trigger after it."""
    order, *flood, last = turns(context_flooding(SOURCE, Random(1), 1.0))[2:]
    assert CANARY in order
    assert len(flood) == 30
    assert set(flood) <= set(SMALL_TALK)
    assert last == f"{TEXT} And now, as agreed."


def test_split_payload_never_shows_the_whole_token() -> None:
    """A filter that looks at single turns sees two harmless words."""
    made = turns(split_payload(SOURCE, Random(1), 0.3))
    assert not any(CANARY in turn for turn in made)
    assert ("FS-7Q4" in made[2], "M-K2XD" in made[3]) == (True, True)


@pytest.mark.parametrize(("intensity", "asides"), [(0.0, 1), (1.0, 4)])
def test_topic_switch_returns_to_the_question(intensity: float, asides: int) -> None:
    """The question, other topics, and the question again."""
    made = turns(topic_switch(SOURCE, Random(1), intensity))[2:]
    assert made[0] == TEXT
    assert len(made) == asides + 2
    assert made[-1].endswith(f": {TEXT}")


def test_long_conversation_leaves_the_request_alone() -> None:
    """Only turns come before it."""
    draft = long_conversation(SOURCE, Random(1), 0.0)
    assert draft is not None
    assert draft.edits == ()
    assert len(turns(draft)) == 2 + 3 + 1


def test_interrupted_request_sends_a_part_first() -> None:
    """The part ends between two words."""
    for seed in range(20):
        part, last = turns(interrupted_request(SOURCE, Random(seed), 0.3))[2:]
        assert TEXT.startswith(f"{part} ")
        assert last.endswith(TEXT)


def test_interrupted_request_needs_two_words() -> None:
    """One word cannot be cut between words."""
    assert interrupted_request(Source("Help"), Random(0), 0.3) is None


def test_repeated_request_repeats_with_nudges() -> None:
    """Request, nudge, request, nudge, … and the request again."""
    made = turns(repeated_request(SOURCE, Random(1), 1.0))[2:]
    assert made[:-1:2] == (TEXT,) * 4
    assert made[-1].endswith(TEXT)


def test_benign_conversations_keep_the_meaning() -> None:
    """The golden prompt's invariants apply to them."""
    kinds = {name: info.kind for name, info in operators.items() if info.type == "multi_turn_attack"}
    assert {name.split(".")[1] for name, kind in kinds.items() if kind is Kind.PRESERVES_MEANING} == {
        "topic_switch",
        "long_conversation",
        "interrupted_request",
        "repeated_request",
    }
