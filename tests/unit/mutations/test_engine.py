"""How a prompt's mutations are spread over types and operators, and that they can be relied on."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Kind, Mutation, apply_edits
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator, _refuse_empty
from flakestorm.mutations.registry import operators

PROMPT = GoldenPrompt(("Please tell me about the refund policy for order 4512, because it's late.",))


def make(prompt: GoldenPrompt = PROMPT, seed: int = 1, **keys: object) -> list[Mutation]:
    """All mutations of ``prompt`` with this configuration."""
    return list(Mutator(MutationsConfig.model_validate(keys), seed).mutations(prompt))


def test_count_and_difference() -> None:
    """As many as asked for, no two alike, none equal to the golden prompt, each made by its edits."""
    mutations = make(count=200)
    assert len({mutation.turns for mutation in mutations} - {PROMPT.turns}) == 200
    for mutation in mutations:
        assert apply_edits(PROMPT.text, mutation.edits) == mutation.text


def test_every_type_has_its_turn_first() -> None:
    """With as many mutations as types, each type makes one; the heaviest come first."""
    types = [mutation.type for mutation in make(count=len(PUBLISHED_DEFAULTS))]
    assert sorted(types) == sorted(PUBLISHED_DEFAULTS)
    assert types[:2] == ["prompt_injection", "encoding_attacks"]


def test_shares_follow_the_weights() -> None:
    """Over many mutations a type of double weight makes twice as many."""
    counts = Counter(
        mutation.type
        for mutation in make(count=90, types=["noise", "paraphrase"], weights={"noise": 2, "paraphrase": 1})
    )
    assert counts["noise"] == pytest.approx(60, abs=1)


def test_longer_lists_begin_with_the_shorter_ones() -> None:
    """The i-th mutation does not depend on how many are asked for, or taken."""
    many = make(count=60)
    assert make(count=7) == many[:7]
    mutator = Mutator(MutationsConfig(count=60), 1)
    assert list(islice(mutator.mutations(PROMPT), 11)) == many[:11]


def test_the_seed_and_nothing_else_decides() -> None:
    """The same seed repeats a list whatever was made before; another seed or prompt makes another."""
    mutator = Mutator(MutationsConfig(), 1)
    list(mutator.mutations(GoldenPrompt(("Something else entirely.",))))
    assert list(mutator.mutations(PROMPT)) == make()
    assert make(seed=2) != make()


def test_operators_take_turns() -> None:
    """Within a type no operator repeats before the others had their turn."""
    names = [mutation.operator for mutation in make(count=20, types=["noise"])]
    assert len(set(names)) == 20


def test_hostile_mutations_carry_their_own_canary() -> None:
    """Each hostile mutation has a canary of its own and implies the invariant; the others have none."""
    mutations = make(count=120)
    hostile = [mutation for mutation in mutations if mutation.kind is Kind.HOSTILE]
    assert len({mutation.canary for mutation in hostile}) == len(hostile) > 10
    assert all("canary" in mutation.implied for mutation in hostile)
    assert all(mutation.canary is None for mutation in mutations if mutation.kind is not Kind.HOSTILE)


def test_shortfall_goes_to_other_types() -> None:
    """What the templates cannot fill is made by the other type, so the count is reached."""
    mutations = make(
        count=30, types=["custom", "noise"], custom_templates={"x": "{prompt} X", "y": "Y {prompt}"}
    )
    counts = Counter(mutation.type for mutation in mutations)
    assert counts == {"custom": 2, "noise": 28}


def test_shortfall_is_noted() -> None:
    """When nothing is left to make, the notes say how many there are and what to do."""
    mutator = Mutator(MutationsConfig(count=5, types=("custom",), custom_templates={"x": "{prompt} X"}), 1)
    mutations = list(mutator.mutations(GoldenPrompt(("a" * 100,))))
    assert [mutation.text for mutation in mutations] == ["a" * 100 + " X"]
    (note,) = mutator.notes
    assert note.startswith(f"'{'a' * 59}…': 1 of 5 mutations; the configured types (custom) have no more")
    assert note.endswith("Add types, or lower count.")


def test_tiny_prompts_end() -> None:
    """A prompt that offers little, even none at all, ends with what there is."""
    for text in ("", " ", "a", "?", "👍"):
        mutator = Mutator(MutationsConfig(count=3000, types=("noise", "paraphrase")), 1)
        made = list(mutator.mutations(GoldenPrompt((text,))))
        assert len(made) < 3000
        assert len(mutator.notes) == 1


def test_templates_are_named() -> None:
    """Each template is an operator of its own; every {prompt} in it is filled."""
    templates = {"lawyer": "My lawyer: {prompt} ({prompt})"}
    prompt = GoldenPrompt(("Hi {prompt}?",))
    (mutation,) = make(prompt, count=3, types=["custom"], custom_templates=templates)
    assert mutation.operator == "custom.lawyer"
    assert mutation.kind is Kind.USER
    assert mutation.text == "My lawyer: Hi {prompt}? (Hi {prompt}?)"


def test_conversations_keep_their_earlier_turns() -> None:
    """Only the last turn is disturbed; removing the context may drop the turns before it."""
    prompt = GoldenPrompt(("My order is 4512.", "When does it arrive?"))
    for mutation in make(prompt, count=60, types=["noise", "context_manipulation"]):
        if mutation.operator != "context_manipulation.context_removed":
            assert mutation.turns[:-1] == prompt.turns[:-1]
    mutator = Mutator(MutationsConfig(), 1)
    removed = [mutator.one(prompt, "context_manipulation.context_removed", n) for n in range(20)]
    assert ("When does it arrive?",) in [mutation.turns for mutation in removed if mutation]


def test_one_repeats_what_the_list_has() -> None:
    """``one`` with the first ordinal makes what the list contains of that operator."""
    mutator = Mutator(MutationsConfig(custom_templates={"x": "{prompt} X"}, types=("noise", "custom")), 1)
    first = {mutation.operator: mutation for mutation in reversed(list(mutator.mutations(PROMPT)))}
    for name, mutation in first.items():
        assert mutator.one(PROMPT, name) == mutation


def test_one_takes_an_intensity() -> None:
    """More intensity makes more edits; of other types than the configured ones too."""
    mutator = Mutator(MutationsConfig(types=("tone_shift",)), 1)
    few = mutator.one(PROMPT, "noise.transpose", intensity=0.0)
    many = mutator.one(PROMPT, "noise.transpose", intensity=1.0)
    assert few
    assert many
    assert len(few.edits) == 1 < len(many.edits)
    assert (few.intensity, many.intensity) == (0.0, 1.0)


def test_one_without_effect() -> None:
    """None where there is nothing to change."""
    assert Mutator(MutationsConfig(), 1).one(GoldenPrompt(("Hi",)), "paraphrase.date_format") is None


def test_one_with_an_unknown_name() -> None:
    """The message gives the nearest operator."""
    with pytest.raises(
        UsageError, match=r"unknown operator 'noise.transpos', did you mean 'noise.transpose'\?"
    ):
        Mutator(MutationsConfig(), 1).one(PROMPT, "noise.transpos")


def test_types_without_operators_are_refused() -> None:
    """The message names the types that cannot be run, and those that can."""
    known = operators.get("noise.transpose")
    with pytest.raises(UsageError) as caught:
        _refuse_empty({"noise": [[known]], "far_future": [[]], "imaginary": [[]]})  # type: ignore[list-item] # any truth
    message = str(caught.value)
    assert message.startswith(
        "mutations.types: nothing is registered that makes far_future, imaginary. Take them"
    )
    assert "noise, paraphrase" in message


def test_long_prompts() -> None:
    """A prompt of 200,000 characters is mutated too, with no more edits than can be looked at."""
    prompt = GoldenPrompt(("Please find my order. " * 10_000,))
    mutations = make(prompt, count=12, types=["noise", "paraphrase", "length_extremes"], intensity=0.2)
    assert len(mutations) == 12
    assert all(len(mutation.edits) <= 1000 for mutation in mutations)
