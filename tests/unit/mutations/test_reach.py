"""Reach: with ``sentence`` an operator sees one sentence or clause, and the rest stays byte for byte."""

from __future__ import annotations

import pytest

from flakestorm.model.mutation import Kind, Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.reach import Reach

FIRST, SECOND = "Where is my order 4512?", "I have been waiting for two weeks, and I use bob@example.com."
PROMPT = GoldenPrompt((f"{FIRST} {SECOND}",))
TEXT_TYPES = ["noise", "paraphrase", "prompt_injection", "encoding_attacks", "format_poisoning"]


def make(text: str = PROMPT.text, count: int = 80, **keys: object) -> list[Mutation]:
    """Mutations of ``text`` that reach a part of it."""
    config = MutationsConfig.model_validate(
        {"count": count, "types": TEXT_TYPES, "reach": "sentence", **keys}
    )
    return list(Mutator(config, 2).mutations(GoldenPrompt((text,))))


def test_one_sentence_stays_whole() -> None:
    """Each mutation leaves one of the two sentences as it is; either is chosen now and then."""
    mutations = make()
    whole = [(FIRST in mutation.text, SECOND in mutation.text) for mutation in mutations]
    assert all(first or second for first, second in whole)
    assert {(False, True), (True, False)} <= set(whole)
    for mutation in mutations:
        assert apply_edits(PROMPT.text, mutation.edits) == mutation.text


def test_the_whole_prompt_is_the_default() -> None:
    """Without the key everything may change at once."""
    assert MutationsConfig().reach is Reach.PROMPT
    both = [m for m in make(reach="prompt", intensity=1.0) if FIRST not in m.text and SECOND not in m.text]
    assert both


def test_mixed_does_both() -> None:
    """Some mutations reach everything, some a sentence."""
    texts = [m.text for m in make(reach="mixed", intensity=1.0, types=["noise"])]
    assert any(FIRST not in text and SECOND not in text for text in texts)
    assert sum(FIRST in text or SECOND in text for text in texts) > len(texts) / 4


def test_a_single_sentence_has_clauses() -> None:
    """What commas separate counts as parts."""
    left, right = "Cancel my trip to Oslo", "because the train is late."
    mutations = make(f"{left}, {right}", types=["noise"])
    assert all(left in m.text or right in m.text for m in mutations)
    assert any(left in m.text for m in mutations)
    assert any(right in m.text for m in mutations)


@pytest.mark.parametrize("text", ["Cancel my trip.", "It costs 1,000 euros", "Hm,", "?"])
def test_what_has_no_parts_is_one(text: str) -> None:
    """The whole prompt is disturbed; a comma inside a number separates nothing."""
    assert make(text, types=["prompt_injection"], count=5) == make(
        text, types=["prompt_injection"], count=5, reach="prompt"
    )


def test_protected_spans_are_respected() -> None:
    """Exact values of the chosen sentence are as safe as ever."""
    values = [PROMPT.text[start:end] for start, end in protected_spans(PROMPT.text)]
    assert values == ["4512", "bob@example.com"]
    for mutation in make(types=["noise", "tone_shift"], count=200, intensity=1.0):
        assert all(value in mutation.text for value in values)


def test_templates_are_for_the_whole_prompt() -> None:
    """The user's own words stand around everything."""
    (mutation,) = make(types=["custom"], custom_templates={"x": "Fwd: {prompt}"}, count=1)
    assert mutation.text == f"Fwd: {PROMPT.text}"
    assert mutation.kind is Kind.USER


def test_conversations_keep_what_operators_put_before() -> None:
    """Turns that an operator adds before the prompt are there whatever it reaches."""
    assert all(len(m.turns) > 1 for m in make(types=["multi_turn_attack"], count=10))


def test_compositions_reach_a_part_each() -> None:
    """Each operator chooses its own sentence; an operator that finds nothing in it makes nothing."""
    mutations = make(types=["noise+prompt_injection"], count=30)
    assert len(mutations) == 30
    assert Mutator(MutationsConfig(reach="sentence"), 0).one(PROMPT, "paraphrase.date_format") is None
