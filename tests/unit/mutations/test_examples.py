"""What each operator makes of real sentences: read once by a person, and the same ever since.

``python tests/unit/mutations/test_examples.py`` writes ``examples.json`` anew; read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

FILE = Path(__file__).with_name("examples.json")
FAMILIES = ("paraphrase", "noise", "tone_shift", "context_manipulation", "length_extremes")
SENTENCES = (
    "What is the status of order 4512?",
    "How do I reset my password? I use bob@example.com",
    "Please summarise the refund policy in two sentences, because I don't have a lot of time.",
    "I am sorry, but it is late. Cancel my trip on May 3, 2024 and send the receipt to my colour printer.",
    "If my package is late, tell me about the 3 big boxes of 5 km cable that I bought for $20.",
    "Thank you very much for your help. Where can I buy a quick gray tire tomorrow?",
)
LONGEST = 300


def made() -> dict[str, list[str | None]]:
    """Operator → what it makes of each sentence; long texts are cut, with their length behind."""
    mutator = Mutator(MutationsConfig(types=FAMILIES), seed=7)
    names = [name for name, info in operators.items() if info.type in FAMILIES]
    return {name: [_one(mutator, name, sentence) for sentence in SENTENCES] for name in sorted(names)}


def _one(mutator: Mutator, name: str, sentence: str) -> str | None:
    mutation = mutator.one(GoldenPrompt((sentence,)), name)
    if mutation is None or len(mutation.text) <= LONGEST:
        return mutation.text if mutation else None
    return f"{mutation.text[:LONGEST]} … {len(mutation.text)} characters"


@pytest.mark.parametrize("name", sorted(json.loads(FILE.read_text("utf-8"))) if FILE.exists() else [])
def test_example(name: str) -> None:
    """The operator still makes what was read and found good."""
    assert made_once()[name] == json.loads(FILE.read_text("utf-8"))[name]


def test_no_operator_lacks_an_example() -> None:
    """Every operator has examples, and at least one sentence that it can change."""
    examples = json.loads(FILE.read_text("utf-8"))
    assert set(examples) == set(made_once())
    assert [name for name, texts in examples.items() if not any(text is not None for text in texts)] == []


_MADE: dict[str, list[str | None]] = {}


def made_once() -> dict[str, list[str | None]]:
    """``made()``, kept for all the tests of this file."""
    if not _MADE:
        _MADE.update(made())
    return _MADE


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")
