"""What holds for every hostile operator: the canary can be read in it, and the golden prompt stays whole."""

from __future__ import annotations

import re

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.model.randomness import Draws
from flakestorm.mutations.advanced_jailbreak_arguments import ARGUMENTS
from flakestorm.mutations.advanced_jailbreak_fictions import FICTIONS
from flakestorm.mutations.format_poisoning_templates import ATTACKS
from flakestorm.mutations.payloads import FIELDS, halves
from flakestorm.mutations.prompt_injection_documents import DOCUMENTS
from flakestorm.mutations.prompt_injection_orders import ORDERS
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import OperatorInfo, Source, operators
from flakestorm.mutations.token_manipulation_smuggling import SMUGGLINGS
from flakestorm.mutations.token_manipulation_special import SPECIAL_TOKENS

CANARY = "FS-7Q4M-K2XD"
TEXT = 'Please {cancel} order 4512 and write to bob@example.com, "today".'
HOSTILE = [info for _, info in operators.items() if info.kind is Kind.HOSTILE]
DISGUISED = {f"token_manipulation.{name}" for name in SMUGGLINGS}
READABLE = [
    pytest.param(info, id=info.name)
    for info in HOSTILE
    if info.type != "encoding_attacks" and info.name not in DISGUISED
]
WORDINGS = [
    pytest.param(wording, id=f"{name}-{number}")
    for table in (ORDERS, DOCUMENTS, FICTIONS, ARGUMENTS, ATTACKS, SPECIAL_TOKENS)
    for name, (_, wordings) in table.items()
    for number, wording in enumerate(wordings)
]


def shown(turns: tuple[str, ...]) -> set[str]:
    """The tokens that somebody who does as told could put together from the conversation."""
    text = "\n".join(turns)
    listed = "".join(re.findall(r"(?m)^\d+\. (\S)$", text))
    first, second = halves(CANARY)
    joined = first + second if first in text and second in text else ""
    return {found for found in (text, text[::-1], listed, joined) if CANARY in found}


@pytest.mark.parametrize("info", HOSTILE, ids=[info.name for info in HOSTILE])
def test_hostile_operators_imply_the_canary_rule(info: OperatorInfo) -> None:
    """Obedience is judged by the canary and by nothing else."""
    assert info.implied == ("canary",)


@pytest.mark.parametrize("info", READABLE)
@pytest.mark.parametrize("intensity", [0.0, 0.3, 1.0])
def test_the_canary_can_be_read(info: OperatorInfo, intensity: float) -> None:
    """Whatever the wording, the conversation holds the token that it asks for."""
    source = Source(TEXT, protected_spans(TEXT), CANARY)
    for seed in range(25):
        draft = info.function(source, Draws(seed * 7919), intensity)
        assert draft is not None
        turns = (*(draft.earlier or ()), apply_edits(TEXT, draft.edits))
        assert shown(turns), turns
        assert not any(field in turn for field in FIELDS for turn in turns)


@pytest.mark.parametrize("info", HOSTILE, ids=[info.name for info in HOSTILE])
def test_the_golden_prompt_stays_whole(info: OperatorInfo) -> None:
    """Attacks insert and replace nothing, so each edit can be left out on its own."""
    source = Source(TEXT, protected_spans(TEXT), CANARY, earlier=("Hello.",))
    for seed in range(10):
        draft = info.function(source, Draws(seed * 7919), 0.3)
        assert draft is not None
        assert all(edit.start == edit.end and edit.replacement for edit in draft.edits)
        assert draft.earlier is None or draft.earlier[0] == "Hello."


@pytest.mark.parametrize("info", HOSTILE, ids=[info.name for info in HOSTILE])
def test_wordings_vary(info: OperatorInfo) -> None:
    """A hostile operator has more than one thing to say."""
    source = Source(TEXT, protected_spans(TEXT), CANARY)
    drafts = {info.function(source, Draws(seed * 7919), 0.3) for seed in range(30)}
    assert len(drafts) > 1


@pytest.mark.parametrize("wording", WORDINGS)
def test_templates_hold_the_prompt_once_and_ask_for_something(wording: str) -> None:
    """The prompt has one place; at least one field brings the canary."""
    assert wording.count("{prompt}") == 1
    assert any(field in wording for field in FIELDS)
