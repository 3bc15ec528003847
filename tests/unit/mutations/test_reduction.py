"""Reduction against agents whose defect is known: what is left, and how many probes it took."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.mutation import Edit, Kind, Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.reduction import Answer, Probes, Reduced, Reduction, smallest

WORDS = "the quick brown fox jumps over the lazy dog while seven wizards box with it "
LONG = (WORDS * 27)[:1999]


def mutation_of(prompt: GoldenPrompt, *edits: Edit, earlier: tuple[str, ...] = ()) -> Mutation:
    """The mutation that ``edits`` make, with ``earlier`` turns before it."""
    turns = (*earlier, apply_edits(prompt.text, edits))
    return Mutation("noise", "noise.op", turns, Kind.PRESERVES_MEANING, 0, 0.3, edits)


def reduced(
    prompt: GoldenPrompt, mutation: Mutation, fails: Callable[[Reduced], bool], most: int = 1000
) -> tuple[Reduced, int]:
    """The smallest input, and how many different probes it took; ``most`` ends it early."""
    reduction = Reduction(prompt, mutation)
    steps, known = reduction.steps(), {mutation.turns: Answer.FAILS}
    try:
        wanted = next(steps)
        while len(known) <= most:
            if wanted.turns not in known:
                known[wanted.turns] = Answer.FAILS if fails(wanted) else Answer.PASSES
            wanted = steps.send(known[wanted.turns])
    except StopIteration:
        pass
    return reduction.best, len(known) - 1


@pytest.mark.parametrize("place", [0, 1, 700, 1000, 1500, 1998])
def test_one_guilty_character_of_2000_that_were_added(place: int) -> None:
    """40 calls are enough, those for seeing it again and for confirming it included."""
    prompt = GoldenPrompt(("Where is my refund?",))
    added = f"{LONG[:place]}#{LONG[place:]}"
    best, calls = reduced(prompt, mutation_of(prompt, Edit(0, 0, added)), lambda r: "#" in r.text)
    assert best.edits == (Edit(0, 0, "#"),)
    assert best.text == "#Where is my refund?"
    assert calls + 4 <= 40


@pytest.mark.parametrize("place", [0, 1, 700, 1000, 1500, 1998])
def test_one_guilty_character_in_a_prompt_of_2000(place: int) -> None:
    """The prompt is cut down to a word that it needs to pass, and the guilty character."""
    needed = 300
    prompt = GoldenPrompt((f"{LONG[:needed]} refund {LONG[needed:1991]}",))
    mutation = mutation_of(prompt, Edit(place, place, "#"))
    best, calls = reduced(prompt, mutation, lambda r: "#" in r.text or "refund" not in r.text)
    assert best.edits[0].replacement == "#"
    assert "refund" in best.before
    assert len(best.text) < 40
    assert calls + 4 <= 40


@pytest.mark.parametrize("limit", [150, 700, 1500])
def test_a_length_limit_is_found_by_bisection(limit: int) -> None:
    """Whatever is added, it fails above so many characters: a bisection, not a search for the guilty word."""
    prompt = GoldenPrompt(("Where is my refund?",))
    best, calls = reduced(prompt, mutation_of(prompt, Edit(0, 0, LONG)), lambda r: len(r.text) > limit)
    assert best.length is not None
    assert limit < best.length <= limit * 1.02 + 4
    assert len(best.text) == best.length
    assert calls <= 16


def test_any_addition_at_all_is_not_a_matter_of_length() -> None:
    """An agent that only knows the exact prompt fails for one word."""
    prompt = GoldenPrompt(("Where is my refund?",))
    best, _ = reduced(prompt, mutation_of(prompt, Edit(19, 19, f" {LONG}")), lambda r: r.text != prompt.text)
    assert best.length is None
    assert len(best.text) < 25


def test_of_several_edits_the_guilty_one_is_left() -> None:
    """Down to the character that matters."""
    prompt = GoldenPrompt(("Where is my refund for order 4512?",))
    edits = (Edit(0, 5, "WHERE"), Edit(12, 18, "REFUND"), Edit(34, 34, "!!\n"))
    best, _ = reduced(prompt, mutation_of(prompt, *edits), lambda r: "refund" not in r.text)
    assert apply_edits(prompt.text, best.edits).casefold() == prompt.text.casefold()
    assert len(best.edits) == 1
    assert len(best.edits[0].replacement) == 1
    trailing, _ = reduced(prompt, mutation_of(prompt, *edits), lambda r: r.text.endswith("\n"))
    assert trailing.edits == (Edit(34, 34, "\n"),)


def test_two_guilty_characters_stay_both() -> None:
    """What is needed together is kept together."""
    prompt = GoldenPrompt(("Where is it?",))
    added = f"{LONG[:400]}#{LONG[400:900]}@"
    mutation = mutation_of(prompt, Edit(12, 12, added))
    best, _ = reduced(prompt, mutation, lambda r: "#" in r.text and "@" in r.text)
    assert "".join(edit.replacement for edit in best.edits) == "#@"


def test_another_word_is_told_apart_from_a_missing_one() -> None:
    """A synonym fails because the old word is missed, or because of the new one."""
    prompt = GoldenPrompt(("Where is my refund now?",))
    mutation = mutation_of(prompt, Edit(12, 18, "compensation"))
    missed, _ = reduced(prompt, mutation, lambda r: "refund" not in r.text)
    assert missed.text == "Where is my now?"
    disliked, _ = reduced(prompt, mutation, lambda r: "pens" in r.text)
    assert disliked.text == "Where is my refundpens now?"


def test_turns_that_do_not_matter_are_left_out() -> None:
    """All of them at once, or all but those that matter."""
    prompt = GoldenPrompt(("Where is it?",))
    mutation = mutation_of(prompt, Edit(12, 12, "!"), earlier=("a", "b", "c"))
    single, _ = reduced(prompt, mutation, lambda r: "!" in r.text)
    assert single.turns == ("Where is it?!",)
    held, _ = reduced(prompt, mutation, lambda r: "b" in r.earlier)
    assert held.earlier == ("b",)


@pytest.mark.parametrize("text", ["", " \n\t ", "\n\n\n"])
def test_what_is_blank_becomes_empty_or_one_character(text: str) -> None:
    """Such inputs are not searched for guilty words."""
    prompt = GoldenPrompt(("Where is it?",))
    mutation = mutation_of(prompt, Edit(0, 12, text))
    assert reduced(prompt, mutation, lambda r: not r.text.strip())[0].text == ""
    some, calls = reduced(prompt, mutation, lambda r: not r.text.strip() and bool(r.text) == bool(text))
    assert some.text == text[:1]
    assert calls <= 3


def test_nothing_is_done_where_the_golden_prompt_fails_itself() -> None:
    """It would be reduced to nothing, and the reason would be lost."""
    prompt = GoldenPrompt(("Where is it?",))
    mutation = mutation_of(prompt, Edit(0, 0, "And now: "))
    best, calls = reduced(prompt, mutation, lambda r: True)
    assert best.turns == mutation.turns
    assert calls == 1


def test_everything_needed_together_is_given_up_soon() -> None:
    """All words in capitals, no fewer: hopeless halves are not cut down to single letters."""
    text = "please tell me where the refund for my last order is now and why it takes so long to get here"
    prompt = GoldenPrompt((text,))
    best, calls = reduced(
        prompt, mutation_of(prompt, Edit(0, len(text), text.upper())), lambda r: r.text.isupper()
    )
    assert best.text == text.upper()
    assert calls <= 40


@given(st.sets(st.integers(0, 99), min_size=1, max_size=4), st.integers(4, 100))
@settings(max_examples=60)
def test_smallest_is_exact(guilty: set[int], size: int) -> None:
    """Exactly the guilty ones of any that fail when all of them are there."""
    needed = {number % size for number in guilty}

    def fails(kept: object) -> Probes[bool]:
        answer = yield Reduced("", (), tuple(map(str, kept)))  # type: ignore[call-overload] # a sequence
        return answer is Answer.FAILS

    search = smallest(range(size), fails)
    try:
        wanted = next(search)
        while True:
            has_all = needed <= {int(item) for item in wanted.earlier}
            wanted = search.send(Answer.FAILS if has_all else Answer.PASSES)
    except StopIteration as end:
        found = set(end.value)
    assert needed <= found
    # What is needed together may be given up early, but never grows beyond what is left to halve.
    assert found == needed or len(needed) > 1


@given(st.integers(0, 30), st.text("ab #", min_size=1, max_size=40))
@settings(max_examples=60)
def test_stopped_at_any_time_the_best_fails(most: int, added: str) -> None:
    """A budget never leaves something that passes."""
    prompt = GoldenPrompt(("Where is my refund for the order that I made last week, and what comes next?",))
    mutation = mutation_of(prompt, Edit(5, 5, f"{added}#{added}"), Edit(20, 26, "xx"))
    best, calls = reduced(prompt, mutation, lambda r: "#" in r.text, most)
    assert "#" in best.text
    assert "#" not in best.before
    assert apply_edits(best.before, best.edits) == best.text
    assert calls <= most + 1
