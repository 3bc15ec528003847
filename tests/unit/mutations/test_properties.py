"""What holds for every operator that changes the text, whoever wrote it, on any text."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import flakestorm.mutations.engine  # noqa: F401 - registers the operators
from flakestorm.model.canary import make_canary
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.model.randomness import Draws
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import Draft, OperatorInfo, Source, operators

ALL = [pytest.param(info, id=name) for name, info in operators.items() if info.kind is not Kind.PROTOCOL]
KEEPING = [
    pytest.param(info, id=name)
    for name, info in operators.items()
    if info.kind is Kind.PRESERVES_MEANING and not info.touches_protected
]

PIECES = st.sampled_from(
    [
        "What is the status of order 4512?",
        "Please cancel my booking for May 3, 2024, because I can't come.",
        "write to bob@example.com",
        "see https://example.com/a?b=1#c",
        "use `rm -rf` with {name}",
        "it costs $20.50 or 5 km",
        'she said "leave it alone"',
        "I'm very happy, and it's great!",
        "متى يصل طلبي رقم ٤٥؟",
        "注文はいつ届きますか。",
        "Straße ﬁn ŉ ǆ İ",
        "👩‍👩‍👧 🇩🇪 e\u0301",
        "\n\n",
        "\t \u00a0",
        "''\"",
        "```\ncode\n```",
        "a",
        "I",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=4).map(" ".join))
INTENSITIES = st.sampled_from([0.0, 0.3, 1.0])

quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


def run(info: OperatorInfo, text: str, seed: int, intensity: float) -> tuple[Source, Draft | None]:
    """The source made of ``text`` and what the operator makes of it."""
    source = Source(
        text,
        protected_spans(text),
        canary=make_canary(Random(seed)),
        earlier=("Hello.",) if seed % 2 else (),
        template="Before {prompt} after {prompt}",
    )
    return source, info.function(source, Draws(seed), intensity)


@pytest.mark.parametrize("info", ALL)
@quick
@example(text="", seed=0, intensity=0.3)
@example(text="", seed=1, intensity=1.0)
@given(text=TEXTS, seed=st.integers(0, 1000), intensity=INTENSITIES)
def test_operator_is_a_pure_function_that_changes_something(
    info: OperatorInfo, text: str, seed: int, intensity: float
) -> None:
    """The same draws make the same draft; a draft is never a no-op and its text can be sent and stored."""
    source, draft = run(info, text, seed, intensity)
    assert run(info, text, seed, intensity)[1] == draft
    if draft is None:
        return
    mutated = apply_edits(text, draft.edits)
    assert mutated != text or (draft.earlier is not None and draft.earlier != source.earlier)
    turns = [*(draft.earlier or ()), mutated]
    for turn in turns:
        assert turn.encode("utf-8").decode("utf-8") == turn
    assert json.loads(json.dumps(turns)) == turns


@pytest.mark.parametrize("info", KEEPING)
@quick
@given(text=TEXTS, seed=st.integers(0, 1000), intensity=INTENSITIES)
def test_what_is_protected_stays_byte_for_byte(
    info: OperatorInfo, text: str, seed: int, intensity: float
) -> None:
    """URLs, numbers, code and the like are still there, as often as before."""
    source, draft = run(info, text, seed, intensity)
    if draft is None:
        return
    mutated = apply_edits(text, draft.edits)
    kept = Counter(text[start:end] for start, end in source.protected)
    assert {value: mutated.count(value) >= count for value, count in kept.items()} == dict.fromkeys(
        kept, True
    )


@pytest.mark.parametrize("info", ALL)
def test_drafts_survive_the_store(info: OperatorInfo) -> None:
    """SQLite gives back what it was given."""
    connection = sqlite3.connect(":memory:")
    for seed in range(4):
        text = "Please tell me what the status of my order 4512 is. It's late 👩‍👩‍👧."
        _, draft = run(info, text, seed, 0.5)
        if draft is not None:
            mutated = apply_edits(text, draft.edits)
            assert connection.execute("SELECT ?", (mutated,)).fetchone() == (mutated,)
    connection.close()


@pytest.mark.parametrize("info", ALL)
def test_operators_describe_themselves(info: OperatorInfo) -> None:
    """The summary is one sentence that can stand in a table."""
    assert info.name.startswith(f"{info.type}.")
    assert 10 < len(info.summary) < 120
    assert info.summary.rstrip('"')[-1] in ".!"
