"""Resource exhaustion by text: small inputs with the promised shape, and a size that follows intensity."""

from __future__ import annotations

import re
import unicodedata
from random import Random

import pytest
import yaml

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.registry import Source, operators
from flakestorm.mutations.resource_exhaustion import BAIT, REQUESTS

TEXT = "What is the status of order 4512?"
GROWING = (
    "regex_bait",
    "nested_brackets",
    "expanding_entities",
    "brace_expansion",
    "unicode_expansion",
    "markdown_nesting",
    "token_dense",
)


def mutated(name: str, seed: int = 0, intensity: float = 0.3) -> str:
    """What the operator makes of the prompt."""
    draft = operators.get(f"resource_exhaustion.{name}").function(Source(TEXT), Random(seed), intensity)
    assert draft is not None
    return apply_edits(TEXT, draft.edits)


def test_text_operators_are_edge_cases() -> None:
    """No particular answer is expected, but one in time."""
    names = (*GROWING, *REQUESTS, "arithmetic_tower")
    assert {operators.get(f"resource_exhaustion.{name}").kind for name in names} == {Kind.EDGE}


@pytest.mark.parametrize("name", GROWING)
def test_size_follows_intensity(name: str) -> None:
    """Larger at full intensity, and never larger than 200 kB: small to send."""
    for seed in range(10):
        small, large = mutated(name, seed, 0.0), mutated(name, seed, 1.0)
        assert TEXT in small
        assert TEXT in large
        assert len(small) < len(large)
        assert len(large.encode()) < 200_000


@pytest.mark.parametrize("name", [*REQUESTS, "arithmetic_tower"])
def test_requests_keep_the_prompt_and_vary(name: str) -> None:
    """The golden prompt is asked as well."""
    texts = {mutated(name, seed) for seed in range(60)}
    assert len(texts) >= 4
    assert all(TEXT in text for text in texts)


def test_regex_bait_is_a_run_with_a_bad_end() -> None:
    """What a careless pattern matches many times before it fails at the end."""
    tails = {mutated("regex_bait", seed, 0.0)[len(TEXT) + 1 :] for seed in range(100)}
    assert tails == {piece * 40 + ending for piece, ending in BAIT}


def test_nested_brackets_are_deep() -> None:
    """Five thousand levels at full intensity, closed in most cases."""
    texts = [mutated("nested_brackets", seed, 1.0) for seed in range(60)]
    squares = [text for text in texts if text.startswith("[[")]
    assert {text.count("[") for text in squares} == {5000}
    assert {text.count("]") for text in squares} == {0, 5000}


def test_expanding_entities_grow_tenfold_per_level() -> None:
    """The XML and the YAML form both define what they say they define."""
    texts = {mutated("expanding_entities", seed, 0.0).partition("\n\n")[2] for seed in range(20)}
    xml, aliases = sorted(texts)
    assert [len(re.findall(f"&e{level};", xml)) for level in range(4)] == [10, 10, 10, 1]
    expanded = yaml.safe_load(aliases)["e3"]
    assert (len(expanded), len(expanded[0]), len(expanded[0][0]), expanded[0][0][0]) == (10, 10, 10, ["ha"])


def test_unicode_expansion_expands() -> None:
    """At least one of the characters becomes eighteen."""
    texts = [mutated("unicode_expansion", seed, 0.0) for seed in range(60)]
    grown = {len(unicodedata.normalize("NFKC", text[-1])) for text in texts}
    assert max(grown) == 18
    assert all(len(set(text[len(TEXT) + 1 :])) == 1 for text in texts)


def test_token_dense_characters_are_rare_and_valid() -> None:
    """No surrogates and nothing from the common planes of Latin text."""
    for seed in range(20):
        tail = mutated("token_dense", seed, 1.0)[len(TEXT) + 1 :]
        assert len(tail) == 2000
        assert all(ord(char) >= 0xA000 for char in tail)
