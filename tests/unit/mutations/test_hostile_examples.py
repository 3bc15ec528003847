"""What the hostile and script operators make of real sentences: read once by a person, the same ever since.

``python tests/unit/mutations/test_hostile_examples.py`` writes ``hostile_examples.json`` anew; read the
difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.model.randomness import generator
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import Source, operators

FILE = Path(__file__).with_name("hostile_examples.json")
FAMILIES = (
    "prompt_injection",
    "encoding_attacks",
    "multi_turn_attack",
    "advanced_jailbreak",
    "semantic_similarity_attack",
    "format_poisoning",
    "language_mixing",
    "token_manipulation",
    "temporal_attack",
    "resource_exhaustion",
)
SENTENCES = (
    "What is the status of order 4512?",
    "How do I reset my password? I use bob@example.com",
    "Send at least two café vouchers from Oslo to Rome, not by post but by e\u0301cole.",
)
LONGEST = 240
NAMES = sorted(
    name for name, info in operators.items() if info.type in FAMILIES and info.kind is not Kind.PROTOCOL
)


def made(name: str) -> list[str | None]:
    """What the operator makes of each sentence, turns one below the other; long texts are cut."""
    texts: list[str | None] = []
    for sentence in SENTENCES:
        source = Source(sentence, protected_spans(sentence), "FS-7Q4M-K2XD")
        draft = operators.get(name).function(source, generator(7, sentence, name), 0.3)
        if draft is None:
            texts.append(None)
            continue
        text = "\n⏎ ".join((*(draft.earlier or ()), apply_edits(sentence, draft.edits)))
        texts.append(text if len(text) <= LONGEST else f"{text[:LONGEST]} … {len(text)} characters")
    return texts


@pytest.mark.parametrize("name", NAMES)
def test_example(name: str) -> None:
    """The operator still makes what was read and found good, and changes at least one of the sentences."""
    examples = json.loads(FILE.read_text("utf-8"))
    assert made(name) == examples[name]
    assert any(text is not None for text in examples[name])


def test_examples_have_operators() -> None:
    """No example is left of an operator that is gone."""
    assert sorted(json.loads(FILE.read_text("utf-8"))) == NAMES


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: made(name) for name in NAMES}, indent=1) + "\n", "utf-8")
