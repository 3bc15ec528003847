"""Cutting edits into finer ones changes nothing about what they make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.mutation import Edit, apply_edits
from flakestorm.mutations.atoms import by_characters, by_words, is_divisible, trimmed

TEXT = st.text("abR \n{é", max_size=30)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, tuple[Edit, ...]]:
    """A text and edits of it, in order and without overlap."""
    text = draw(TEXT)
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return text, tuple(Edit(start, end, draw(TEXT)) for start, end in pairs)


@given(edited())
@settings(max_examples=200)
def test_finer_edits_make_the_same_text(sample: tuple[str, tuple[Edit, ...]]) -> None:
    """Word by word and character by character, one after the other too."""
    text, edits = sample
    made = apply_edits(text, edits)
    words = by_words(text, edits)
    assert apply_edits(text, words) == made
    assert apply_edits(text, by_characters(text, words)) == made


@given(TEXT, TEXT)
def test_trimming_keeps_the_result(old: str, new: str) -> None:
    """And leaves no common start or end."""
    edit = trimmed(old, Edit(0, len(old), new))
    assert apply_edits(old, (edit,)) == new
    rest, put = old[edit.start : edit.end], edit.replacement
    assert not rest or not put or (rest[0] != put[0] and rest[-1] != put[-1])


@pytest.mark.parametrize(
    ("old", "new", "divisible"),
    [
        ("", "a long addition", True),
        ("refund", "REFUND", True),
        ("refund", "refnud", True),
        ("refund", "reƒund", True),
        ("refund", "reimbursement of it", False),
        ("refund", "", False),
        ("?", "", True),
        ("order", "tidal", False),
    ],
)
def test_what_can_be_cut(old: str, new: str, divisible: bool) -> None:
    """Misspellings and additions can; another word, or a missing one, is all or nothing."""
    assert is_divisible(f"my {old} now", Edit(3, 3 + len(old), new)) is divisible


def test_a_whole_word_in_place_of_another_stays_whole() -> None:
    """Half a synonym is no word; a case change is cut into its letters."""
    text = "my refund now"
    assert by_characters(text, (Edit(3, 9, "compensation"),)) == (Edit(3, 9, "compensation"),)
    assert by_characters(text, (Edit(3, 5, "RE"),)) == (Edit(3, 4, "R"), Edit(4, 5, "E"))


def test_huge_replacements_are_not_compared() -> None:
    """They stay one edit, at once."""
    text = "a b " * 2000
    edit = Edit(0, len(text), "c d e " * 2000)
    assert len(by_words(text, (edit,))) == 1
    assert not is_divisible(text, edit)
