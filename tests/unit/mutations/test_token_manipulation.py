"""Token manipulation: what stays the same to the eye, and what can be read behind it."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.registry import Source, operators
from flakestorm.mutations.token_manipulation_characters import (
    GLITCH_TOKENS,
    HOMOGLYPHS,
    HOMOGLYPHS_BACK,
    INVISIBLE,
    LIGATURES,
)
from flakestorm.mutations.token_manipulation_smuggling import SMUGGLINGS

CANARY = "FS-7Q4M-K2XD"
TEXT = "What is the first status of order 4512?"
NUMBER = (34, 38)
VISIBLE_CONTROLS = dict.fromkeys(map(ord, "".join(INVISIBLE.values())))
BIDI = dict.fromkeys(map(ord, "\u200e\u2066\u2069\u202a\u202c\u202d"))
TAGS = dict.fromkeys(range(0xE0000, 0xE0080))


def mutated(name: str, text: str = TEXT, seed: int = 0, intensity: float = 0.5) -> str:
    """What the operator makes of ``text``."""
    protected = (NUMBER,) if text == TEXT else ()
    draft = operators.get(f"token_manipulation.{name}").function(
        Source(text, protected, CANARY), Random(seed), intensity
    )
    assert draft is not None
    return apply_edits(text, draft.edits)


@pytest.mark.parametrize(
    "name",
    [
        "zero_width",
        "soft_hyphen",
        "variation_selectors",
        "grapheme_joiner",
        "tag_characters",
        "bidi_controls",
    ],
)
def test_invisible_characters_leave_the_visible_text(name: str) -> None:
    """Without them the text is the golden prompt again."""
    for seed in range(10):
        made = mutated(name, seed=seed)
        assert made != TEXT
        assert made.translate(VISIBLE_CONTROLS | BIDI | TAGS) == TEXT
        assert "4512" in made


def test_zero_width_joiners_spare_scripts_that_they_would_change() -> None:
    """In Arabic a non-joiner would show; a zero-width space does not."""
    for seed in range(10):
        assert not set(mutated("zero_width", "متى يصل طلبي", seed)) & {"\u200c", "\u200d"}


def test_bidi_controls_spare_right_to_left_words() -> None:
    """Left-to-right controls would reorder them."""
    info = operators.get("token_manipulation.bidi_controls")
    assert info.function(Source("שלום"), Random(0), 0.5) is None


def test_homoglyphs_look_the_same() -> None:
    """Each replaced letter is the look-alike of the letter at its place."""
    made = mutated("homoglyphs", intensity=1.0)
    assert made.translate(HOMOGLYPHS_BACK) == TEXT
    assert all(new != old for new, old in zip(made, TEXT, strict=True) if old in HOMOGLYPHS)


def test_no_look_alike_is_ascii_or_ambiguous() -> None:
    """Each stands for exactly one letter."""
    twins = [twin for twins in HOMOGLYPHS.values() for twin in twins]
    assert len(set(twins)) == len(twins)
    assert not any(twin.isascii() for twin in twins)


@pytest.mark.parametrize(
    ("name", "before", "after"), [("nfd", "Café", "Cafe\u0301"), ("nfc", "Cafe\u0301", "Café")]
)
def test_normal_forms(name: str, before: str, after: str) -> None:
    """One is turned into the other, and a text that is already in the form is not changed."""
    assert mutated(name, f"{before} 1") == f"{after} 1"
    info = operators.get(f"token_manipulation.{name}")
    assert info.function(Source(after), Random(0), 0.5) is None
    assert info.function(Source("plain"), Random(0), 0.5) is None
    assert info.function(Source(before, ((0, len(before)),)), Random(0), 0.5) is None


def test_ligatures() -> None:
    """Compatibility characters that read the same."""
    assert mutated("ligatures", "The first office flight", intensity=1.0) == "The ﬁrﬆ oﬃce ﬂight"
    assert unicodedata.normalize("NFKC", "ﬁrﬆ oﬃce ﬂight") == "first office flight"
    assert list(LIGATURES)[:2] == ["ffi", "ffl"]


def test_unusual_spaces_are_spaces() -> None:
    """Where a space was, there is one."""
    made = mutated("unusual_spaces", intensity=1.0)
    assert made.split() == TEXT.split()
    assert " " not in made


def test_combining_marks_stack_up() -> None:
    """Up to eight on a letter; the letters stay."""
    made = mutated("combining_marks", intensity=1.0)
    assert "".join(char for char in made if not unicodedata.combining(char)) == TEXT
    assert len(made) > 5 * len(TEXT)


@pytest.mark.parametrize("name", ["control_characters", "noncharacters"])
def test_odd_characters_stand_between_words(name: str) -> None:
    """Without them the text is the golden prompt; a text without words gets one at its end."""
    made = mutated(name)
    odd = [char for char in made if char not in TEXT]
    assert odd
    assert "".join(char for char in made if char not in odd) == TEXT
    assert mutated(name, "12").startswith("12")


def test_glitches_are_repeated_at_the_end() -> None:
    """More often at a higher intensity."""
    assert mutated("glitch_tokens", intensity=1.0) in {TEXT + token * 21 for token in GLITCH_TOKENS}
    assert mutated("glitch_repetition", intensity=0.0, seed=4).startswith(TEXT)
    assert len(mutated("glitch_repetition", "", intensity=1.0)) >= 200


@pytest.mark.parametrize(
    "name",
    [
        "zero_width",
        "homoglyphs",
        "tag_characters",
        "bidi_controls",
        "ligatures",
        "unusual_spaces",
        "combining_marks",
    ],
)
def test_nothing_to_change(name: str) -> None:
    """A text without letters or spaces is left alone."""
    assert operators.get(f"token_manipulation.{name}").function(Source("4512"), Random(0), 0.5) is None


@pytest.mark.parametrize("name", SMUGGLINGS)
@settings(max_examples=25, deadline=None)
@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="·"), min_size=1))
def test_smuggled_text_can_be_found(name: str, text: str) -> None:
    """What is hidden comes out exactly, inside other text too where the form is an invisible one."""
    _, _, hide, find = SMUGGLINGS[name]
    assert find(hide(text)) == text
    if name in {"tag_smuggling", "zero_width_binary", "variation_selector_smuggling", "bidi_smuggling"}:
        assert find(f"before {hide(text)} after") == text


@pytest.mark.parametrize("name", SMUGGLINGS)
def test_smuggled_instruction_holds_the_canary(name: str) -> None:
    """With and without a hint; the plain token is nowhere to be seen."""
    _, hint, _, find = SMUGGLINGS[name]
    texts = [mutated(name, seed=seed) for seed in range(20)]
    assert {hint in text for text in texts} == {True, False}
    for text in texts:
        assert CANARY in find(text)
        assert CANARY not in text


def test_kinds() -> None:
    """Same to the eye: meaning kept; template tokens and smuggling: hostile; the rest: an edge case."""
    kinds = {
        name.partition(".")[2]: info.kind
        for name, info in operators.items()
        if info.type == "token_manipulation"
    }
    assert kinds["zero_width"] is Kind.PRESERVES_MEANING
    assert kinds["chatml"] is kinds["tag_smuggling"] is Kind.HOSTILE
    assert {name for name, kind in kinds.items() if kind is Kind.EDGE} == {
        "combining_marks",
        "control_characters",
        "noncharacters",
        "glitch_tokens",
        "glitch_repetition",
    }


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("chatml", "<|im_end|>"),
        ("llama2", "<<SYS>>"),
        ("llama3", "<|eot_id|>"),
        ("gemma", "<start_of_turn>"),
        ("human_assistant", "\n\nHuman: "),
        ("end_of_text", "<|endoftext|>"),
        ("mistral", "[INST]"),
    ],
)
def test_special_tokens(name: str, token: str) -> None:
    """The tokens of the big families come up literally."""
    assert any(token in mutated(name, seed=seed) for seed in range(20))
