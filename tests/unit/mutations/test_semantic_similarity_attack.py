"""Semantic similarity attacks: one small change after which the golden answer is wrong."""

from __future__ import annotations

from random import Random

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import Source, operators
from flakestorm.mutations.tables import lines

PAGES = {"Cancel all of my pages apart from 45."}


def made(name: str, text: str, tries: int = 40) -> set[str | None]:
    """All that the operator makes of ``text``."""
    function = operators.get(f"semantic_similarity_attack.{name}").function
    source = Source(text, protected_spans(text))
    drafts = [function(source, Random(seed), 0.3) for seed in range(tries)]
    return {None if draft is None else apply_edits(text, draft.edits) for draft in drafts}


def test_all_change_the_meaning_and_imply_another_answer() -> None:
    """The golden prompt's invariants do not apply; the implied rule does."""
    infos = [info for _, info in operators.items() if info.type == "semantic_similarity_attack"]
    assert {(info.kind, info.implied) for info in infos} == {(Kind.CHANGES_MEANING, ("answer_changes",))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Summarise the refund policy.", {"Do not summarise the refund policy."}),
        ("How do I reset my password?", {"How do I not reset my password?"}),
        ("Can you see it?", {"Can you not see it?"}),
        ("Do not cancel it.", {"Do cancel it."}),
        ("I can't log in.", {"I can log in."}),
        ("Won't it work?", {"Will it work?"}),
        ("I don’t want it.", {"I do want it."}),
        (
            "What is the status?",
            {
                "Do not answer this: What is the status?",
                "I do not want to know: What is the status?",
                "Anything but this: What is the status?",
            },
        ),
    ],
)
def test_negation(text: str, expected: set[str]) -> None:
    """Added where there is none, taken away where there is one."""
    assert made("negation", text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("antonym", "the cheapest flight", {"the most expensive flight"}),
        ("antonym", "How do I log in?", {"How do I log out?"}),
        ("antonym", "xyz", {None}),
        ("quantifier_swap", "Give me at least three.", {"Give me at most three.", "Give me exactly three."}),
        ("quantifier_swap", "All orders", {"No orders", "Some orders"}),
        (
            "quantifier_swap",
            'Say "all" twice.',
            {'Say "all" once.', 'Say "all" never.'},
        ),
        (
            "entity_swap",
            "a CAT sleeps",
            {"a DOG sleeps", "a RABBIT sleeps", "a PARROT sleeps", "a HAMSTER sleeps"},
        ),
        (
            "person_swap",
            "reset my password",
            {"reset my neighbour's password", "reset somebody else's password"},
        ),
        ("person_swap", "reset it", {None}),
        ("question_swap", "How do I pay?", {"Why do I pay?", "When do I pay?"}),
        ("question_swap", "How many are there?", {None}),
        ("exception", "Cancel page 45.", {"Cancel every page except 45.", "Cancel any page but 45."} | PAGES),
        ("antonym", "", {None}),
        ("exception", "Cancel it.", {None}),
        ("direction_swap", "A flight from Oslo to Rome?", {"A flight from Rome to Oslo?"}),
        ("direction_swap", "from Rome to Rome", {None}),
    ],
)
def test_swaps(name: str, text: str, expected: set[str | None]) -> None:
    """Everything that the operator can make of the sentence."""
    assert made(name, text) == expected


def test_number_swap_changes_digits_and_keeps_the_length() -> None:
    """Another number with as many digits, none of which leads with a new zero."""
    texts = made("number_swap", "order 4512 of 12", tries=200)
    assert "order 4512 of 12" not in texts
    for text in texts:
        assert text is not None
        first, second = text.removeprefix("order ").split(" of ")
        assert (len(first), len(second)) == (4, 2)
        assert first[0] != "0" != second[0]
    assert made("number_swap", "no digits") == {None}
    assert made("number_swap", "٧") <= set("123456890")


def test_ignoring_case_ignores_old_letters() -> None:
    """The long s matches an s when case is ignored, but is in no word list."""
    assert made("question_swap", "Hoſt") == {None}
    assert made("antonym", "loſt") == {None}


@pytest.mark.parametrize("name", ["antonyms", "entities", "quantifiers"])
def test_word_lists_have_no_double_lines(name: str) -> None:
    """Each line says something new."""
    assert len(set(lines(name))) == len(lines(name)) >= 35
