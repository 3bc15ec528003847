"""Compositions: the second operator goes on with what the first made, and the edits are those of both."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Edit, Kind, Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.choice import Choices, in_turn
from flakestorm.mutations.composed_edits import composed_edits
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.reach import Reach
from flakestorm.mutations.registry import operators

PROMPT = GoldenPrompt(("Please tell me about the refund policy for order 4512, because it's late.",))
MIXED = "noise+encoding_attacks"
TEXT_OPERATORS = [
    name
    for name, info in operators.items()
    if info.kind is not Kind.PROTOCOL and info.type not in ("length_extremes", "custom")
]


def make(*types: str, prompt: GoldenPrompt = PROMPT, count: int = 60, **keys: object) -> list[Mutation]:
    """All mutations of ``prompt`` with these types."""
    config = MutationsConfig.model_validate({"types": types, "count": count, **keys})
    return list(Mutator(config, 1).mutations(prompt))


@st.composite
def edits_of(draw: st.DrawFn, length: int) -> tuple[Edit, ...]:
    """Ordered edits of a text of ``length`` characters, insertions and deletions among them."""
    places = sorted(draw(st.lists(st.integers(0, length), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return tuple(Edit(start, end, draw(st.text("xyz", max_size=3))) for start, end in pairs)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_composed_edits_do_what_both_do(data: st.DataObject) -> None:
    """One list of edits of the first text leads to the last, whatever touches or overlaps."""
    text = data.draw(st.text("abcdef", max_size=12))
    first = data.draw(edits_of(len(text)))
    between = apply_edits(text, first)
    second = data.draw(edits_of(len(between)))
    composed = composed_edits(between, first, second)
    assert apply_edits(text, composed) == apply_edits(between, second)


PIECES = st.sampled_from(
    [
        "Where is order 4512?",
        "I'm late, because it's far.",
        "متى يصل طلبي",
        "👩‍👩‍👧 e\u0301",
        "\n\n",
        '"',
        "a",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    names=st.lists(st.sampled_from(TEXT_OPERATORS), min_size=2, max_size=3),
    text=st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=4).map(" ".join)),
    reach=st.sampled_from(Reach),
)
def test_any_composition_of_any_text(names: list[str], text: str, reach: Reach) -> None:
    """Whatever meets whatever, the edits lead to the text, and the text can be sent."""
    mutator = Mutator(MutationsConfig(reach=reach), 3)
    for ordinal in range(3):
        mutation = mutator.one(GoldenPrompt(("Hello.", text)), "+".join(names), ordinal, 0.5)
        if mutation is not None:
            assert apply_edits(text, mutation.edits) == mutation.text
            assert all(turn.encode("utf-8").decode("utf-8") == turn for turn in mutation.turns)


def test_edits_that_do_not_meet_stay_apart() -> None:
    """Each can be left out on its own; those that meet are one."""
    text = "abcdef"
    first = (Edit(1, 2, "BBB"), Edit(4, 4, "+"))
    between = apply_edits(text, first)
    assert between == "aBBBcd+ef"
    apart = (Edit(0, 1, ""), Edit(4, 5, "C"), Edit(8, 9, "F"))
    assert composed_edits(between, first, apart) == (
        Edit(0, 1, ""),
        Edit(1, 2, "BBB"),
        Edit(2, 3, "C"),
        Edit(4, 4, "+"),
        Edit(5, 6, "F"),
    )
    assert composed_edits(between, first, (Edit(2, 5, "-"),)) == (Edit(1, 3, "B-"), Edit(4, 4, "+"))


@pytest.mark.parametrize(
    "types",
    [MIXED, "prompt_injection+noise", "paraphrase+tone_shift+language_mixing", "multi_turn_attack+noise"],
)
def test_mutations_are_repeatable_and_reducible(types: str) -> None:
    """Edits lead from the golden text to the mutation, and the same seed makes the same ones."""
    mutations = make(types)
    assert len({mutation.turns for mutation in mutations}) == 60
    assert mutations == make(types)
    mutator = Mutator(MutationsConfig(types=[types]), 1)
    for mutation in mutations:
        assert mutation.type == types
        assert apply_edits(PROMPT.text, mutation.edits) == mutation.text
        found = [mutator.one(PROMPT, mutation.operator, ordinal) for ordinal in range(4)]
        assert mutation in found


def test_every_operator_of_every_part_has_its_turn() -> None:
    """The longer part is gone through once while the shorter one is repeated."""
    mutations = make("paraphrase+prompt_injection", count=200)
    seconds = Counter(mutation.operator.partition("+")[2] for mutation in mutations)
    injections = {name for name, info in operators.items() if info.type == "prompt_injection"}
    assert set(seconds) == injections


def test_the_stronger_kind_wins() -> None:
    """What an operator asks of the agent holds for the composition as well."""
    kinds = {mutation.kind for mutation in make(MIXED, count=100)}
    assert kinds == {Kind.EDGE, Kind.HOSTILE}
    (changed,) = {m.kind for m in make("semantic_similarity_attack+noise", count=20)}
    assert changed is Kind.CHANGES_MEANING
    (kept,) = {m.kind for m in make("paraphrase+noise", count=20)}
    assert kept is Kind.PRESERVES_MEANING
    templates = {"x": "{prompt} X"}
    (users,) = {m.kind for m in make("noise+custom", count=9, custom_templates=templates)}
    assert users is Kind.USER


def test_canary_and_implied_rules_are_united() -> None:
    """Two attacks ask for one canary; each rule is implied once."""
    for mutation in make("semantic_similarity_attack+prompt_injection+advanced_jailbreak", count=20):
        assert mutation.implied == ("answer_changes", "canary")
        assert mutation.canary
        assert mutation.kind is Kind.HOSTILE


def test_slips_leave_the_canary_alone() -> None:
    """With a slip in the token, obedience could not be proved."""
    mutations = make("prompt_injection+noise", count=150, intensity=1.0)
    names = {"prompt_injection.acrostic_payload+", "prompt_injection.payload_splitting+"}
    plain = [m for m in mutations if not m.operator.startswith(tuple(names))]
    assert len(plain) > 100
    assert [m.operator for m in plain if m.canary not in m.text and m.canary[::-1] not in m.text] == []


def test_attacks_that_are_cut_off_are_no_attacks() -> None:
    """A composition that loses the canary to a shorter text is not sent."""
    mutations = make("prompt_injection+length_extremes", count=200)
    for mutation in mutations:
        if mutation.canary not in mutation.text:
            assert len(mutation.text) >= len(PROMPT.text)


def test_templates_take_part() -> None:
    """Each of the user's templates is a choice of its own."""
    templates = {"a+b": "Hm. {prompt}", "c": "{prompt} Really."}
    mutations = make("custom+noise", count=30, custom_templates=templates)
    firsts = {mutation.operator.rpartition("+noise.")[0] for mutation in mutations}
    assert firsts == {"custom.a+b", "custom.c"}
    choice = Choices(MutationsConfig(types=["custom"], custom_templates=templates)).named(
        "custom.a+b+noise.drop"
    )
    assert [info.name for info, _ in choice.steps] == ["custom.template", "noise.drop"]


def test_simple_and_composed_types_share_a_run() -> None:
    """Weights spread mutations over both; a composition weighs as much as its parts on average."""
    counts = Counter(mutation.type for mutation in make("noise", "noise+paraphrase", count=38))
    assert counts == {"noise": 18, "noise+paraphrase": 20}


def test_tiny_prompts_end() -> None:
    """What offers nothing more ends, with a note."""
    mutator = Mutator(MutationsConfig(types=["custom+custom"], custom_templates={"x": "{prompt}!"}), 0)
    assert [m.text for m in mutator.mutations(GoldenPrompt(("a",)))] == ["a!!"]
    assert "custom+custom" in mutator.notes[0]


def test_only_texts_are_composed() -> None:
    """A type with both keeps its texts; an attack that is named cannot be composed."""
    names = Choices(MutationsConfig()).names("noise+resource_exhaustion")
    kinds = {str(operators.get(name.partition("+")[2]).kind) for name in names}
    assert "protocol" not in kinds
    attack = next(name for name in operators if name.startswith("timeout_manipulation"))
    mutator = Mutator(MutationsConfig(), 0)
    with pytest.raises(UsageError, match=r"'timeout_manipulation\.\w+' disturbs the request"):
        mutator.one(PROMPT, f"noise.drop+{attack}")


def test_in_turn_with_an_empty_part() -> None:
    """Nothing can be composed with nothing."""
    assert list(in_turn([[], []])) == []


def test_unknown_names_in_a_composition() -> None:
    """The message gives the nearest name of the wrong part."""
    with pytest.raises(UsageError, match=r"unknown operator 'noise.dropp', did you mean 'noise.drop'\?"):
        Mutator(MutationsConfig(), 0).one(PROMPT, "noise.dropp+noise.insert")


def test_what_is_undone_is_no_mutation() -> None:
    """When the second operator takes back what the first did, nothing is sent."""
    mutator = Mutator(MutationsConfig(), 0)
    shouted = GoldenPrompt(("WHERE IS IT?",))
    assert mutator.one(shouted, "noise.lower") is not None
    assert mutator.one(shouted, "noise.lower+noise.upper") is None
