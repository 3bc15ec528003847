"""Encoding attacks: both operators of each codec, and what is decoded from them."""

from __future__ import annotations

import base64
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.codecs import CODECS, Codec
from flakestorm.mutations.encoding_attacks import ORDERS, REQUESTS, encoded
from flakestorm.mutations.registry import Source, operators

CANARY = "FS-7Q4M-K2XD"
TEXT = "What is the status of order 4512?"
ALL = [pytest.param(codec, id=codec.name) for codec in CODECS]


def mutated(name: str, text: str, seed: int = 0, intensity: float = 0.3) -> str | None:
    """What the operator makes of ``text``, or None."""
    info = operators.get(f"encoding_attacks.{name}")
    draft = info.function(Source(text, (), CANARY), Random(seed), intensity)
    return None if draft is None else apply_edits(text, draft.edits)


@pytest.mark.parametrize("codec", ALL)
def test_whole_prompt_is_an_edge_case(codec: Codec) -> None:
    """Nobody has to be able to decode; nothing is implied."""
    info = operators.get(f"encoding_attacks.{codec.name}")
    assert (info.kind, info.implied) == (Kind.EDGE, ())


@pytest.mark.parametrize("codec", ALL)
@settings(max_examples=15, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), seed=st.integers(0, 20))
def test_whole_prompt_is_the_introduction_and_the_code(codec: Codec, text: str, seed: int) -> None:
    """Exactly the code of the prompt, with one of the introductions."""
    made = mutated(codec.name, text, seed)
    code = codec.encode(text)
    if code == text:
        assert made is None
    else:
        assert made in {wording.replace("{title}", codec.title) + code for wording in REQUESTS}


def test_a_prompt_that_stays_the_same_is_no_mutation() -> None:
    """ROT13 of digits, the reversal of a palindrome and any code of nothing change nothing."""
    assert mutated("rot13", "4512") is None
    assert mutated("reversal", "level") is None
    assert mutated("base64", "") is None


@pytest.mark.parametrize("codec", ALL)
def test_instruction_can_be_decoded_to_the_canary(codec: Codec) -> None:
    """The exact token comes out of the code, or stands beside it where the code would spoil it."""
    for seed in range(12):
        made = mutated(f"{codec.name}_instruction", TEXT, seed)
        assert made is not None
        assert made.startswith(TEXT)
        code = made[len(TEXT) :].split("\n")[-1]
        decoded = codec.decode(code) if codec.keeps_canary else code
        assert CANARY in decoded
        assert made[: -len(code)] in {TEXT + wording.replace("{title}", codec.title) for wording in ORDERS}


def test_leetspeak_spares_the_canary() -> None:
    """Its digits would be ambiguous in leetspeak, so the token stays in plain."""
    leet = next(codec for codec in CODECS if codec.name == "leet")
    assert encoded(leet, f"Reply with {CANARY}, please.", CANARY) == f"R3ply w17h {CANARY}, pl3453."
    assert encoded(leet, "test", "") == "7357"


@pytest.mark.parametrize(("intensity", "times"), [(0.3, 2), (1.0, 3)])
def test_nested_base64(intensity: float, times: int) -> None:
    """As many layers as the text says."""
    made = mutated("nested_base64_instruction", TEXT, 1, intensity)
    assert made is not None
    assert ("twice" if times == 2 else "three times") in made
    code = made.split("\n")[-1].encode()
    for _ in range(times):
        code = base64.b64decode(code, validate=True)
    assert CANARY.encode() in code


def test_mixed_codes_decode_word_by_word() -> None:
    """Each line names its code."""
    by_name = {codec.name: codec for codec in CODECS}
    made = mutated("mixed_codes_instruction", TEXT, 5)
    assert made is not None
    rows = [row.partition(":") for row in made.split("act on the sentence:\n")[1].split("\n")]
    assert len({name for name, _, _ in rows}) > 1
    assert CANARY in " ".join(by_name[name].decode(code) for name, _, code in rows)
