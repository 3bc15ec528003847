"""Noise of other keyboards and programs: looks alike or is unseen, and reads the same after clean-up."""

from __future__ import annotations

import unicodedata

import pytest

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.noise.foreign import ACCENTS, UNSEEN
from flakestorm.mutations.token_manipulation_characters import HOMOGLYPHS_BACK

PROMPT = GoldenPrompt(("Where is my order 4512? Mail bob@example.com.",))
MUTATOR = Mutator(MutationsConfig(), 0)


def cleaned(text: str) -> str:
    """``text`` as a careful reader takes it."""
    plain = unicodedata.normalize("NFKD", text).translate(HOMOGLYPHS_BACK)
    return "".join(char for char in plain if char not in (*UNSEEN, *ACCENTS))


@pytest.mark.parametrize("name", ["unseen", "accent", "accent_apart", "other_layout", "full_width"])
def test_it_reads_the_same(name: str) -> None:
    """Each leaves no ASCII text, keeps exact values, and can be cleaned away without a trace."""
    for ordinal in range(30):
        mutation = MUTATOR.one(PROMPT, f"noise.{name}", ordinal)
        assert mutation is not None
        assert not mutation.text.isascii()
        assert "4512" in mutation.text
        assert "bob@example.com" in mutation.text
        assert cleaned(mutation.text) == PROMPT.text


def test_accents_are_one_character_or_two() -> None:
    """As keyboards type them, and as some systems store them."""
    typed, stored = (MUTATOR.one(PROMPT, f"noise.{name}") for name in ("accent", "accent_apart"))
    assert typed is not None
    assert stored is not None
    assert len(typed.text) == len(PROMPT.text) < len(stored.text)


@pytest.mark.parametrize("name", ["unseen", "accent", "accent_apart", "other_layout", "full_width"])
def test_there_may_be_nothing_to_change(name: str) -> None:
    """A text without letters that could be written so."""
    assert MUTATOR.one(GoldenPrompt(("4512?",)), f"noise.{name}") is None


def test_words_of_other_scripts_get_nothing_unseen() -> None:
    """It could change how their letters are joined."""
    assert MUTATOR.one(GoldenPrompt(("أين طلبي؟",)), "noise.unseen") is None
