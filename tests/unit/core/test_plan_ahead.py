"""Trials made by another process: the same ones in the same order, wherever that process comes in or ends."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.core.plan import Plan
from flakestorm.core.plan_ahead import PlanAhead, made_ahead
from flakestorm.core.plan_batches import BATCH, Order, batches, known_operators
from flakestorm.frames import frame
from flakestorm.model.mutation import Edit, Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import Draft, Source, operator, operators

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="another process needs POSIX pipes")

PROMPTS = tuple(GoldenPrompt((f"How do I get a refund for order {n}?",)) for n in range(4512, 4515))
CONFIG = MutationsConfig(count=40, types=["noise", "paraphrase", "tone_shift"])
"""Short texts, all of which have room in a pipe."""


def plan_of(mutator: Mutator) -> Plan:
    """A control arm and 120 further trials."""
    return Plan(PROMPTS, mutator.mutations, CONFIG.count)


def ids(trials: Iterator[Trial]) -> list[str]:
    """What makes them these trials."""
    return [trial.id for trial in trials]


def frames() -> list[bytes]:
    """All that the other process would write."""
    mutator = Mutator(CONFIG, 0)
    return [frame(batch) for batch in batches(Order(plan_of(mutator), mutator, known_operators()))]


def piped(pieces: list[bytes]) -> tuple[int, int]:
    """A pipe with ``pieces`` in it, and its two ends."""
    source, target = os.pipe()
    for piece in pieces:
        os.write(target, piece)
    return source, target


@pytest.fixture
def mutator() -> Counting:
    """One that counts the golden prompts that it was asked about in ``asked``."""
    return Counting(CONFIG, 0)


class Counting(Mutator):
    """See ``mutator``."""

    asked = 0

    def mutations(self, prompt: GoldenPrompt) -> Iterator[Mutation]:
        """See ``Mutator``."""
        self.asked += 1
        return super().mutations(prompt)


ALL = ids(plan_of(Mutator(CONFIG, 0)).disturbed())
FRAMES = frames()


def test_a_process_that_is_ahead_makes_them_all(mutator: Counting) -> None:
    """What is in the pipe already is taken from there, from the first trial on."""
    source, target = piped(FRAMES)
    plan = PlanAhead(plan_of(mutator), mutator, source)
    (trials,) = plan.rounds()
    assert next(trials).prompt is PROMPTS[0]
    assert [ALL[0], *ids(trials)] == ALL
    assert mutator.asked == 0
    os.close(source)
    os.close(target)


@given(st.integers(0, len(ALL)), st.integers(0, sum(map(len, FRAMES))))
def test_it_may_come_late_and_end_early(late: int, written: int) -> None:
    """``late`` trials are taken before anything arrives, and ``written`` bytes arrive at all."""
    mutator = Mutator(CONFIG, 0)
    source, target = os.pipe()
    (trials,) = PlanAhead(plan_of(mutator), mutator, source).rounds()
    taken = ids(islice(trials, late))
    os.write(target, b"".join(FRAMES)[:written])
    os.close(target)
    assert taken + ids(trials) == ALL
    os.close(source)


def test_what_lies_behind_is_not_made_again_here(mutator: Counting) -> None:
    """The rest comes from the pipe, although its first batches are no longer wanted."""
    source, target = os.pipe()
    (trials,) = PlanAhead(plan_of(mutator), mutator, source).rounds()
    taken = ids(islice(trials, BATCH + 8))
    os.write(target, b"".join(FRAMES))
    assert taken + ids(trials) == ALL
    assert mutator.asked == len(PROMPTS)
    os.close(source)
    os.close(target)


def test_notes_come_along() -> None:
    """That a golden prompt has too few mutations is known in the other process first."""
    few = MutationsConfig(count=400, types=["tone_shift"])
    there, here = Mutator(few, 0), Mutator(few, 0)
    pieces = [
        frame(batch) for batch in batches(Order(Plan(PROMPTS, there.mutations, 400), there, frozenset()))
    ]
    source, target = os.pipe()
    (trials,) = PlanAhead(Plan(PROMPTS, here.mutations, 400), here, source).rounds()
    writer = threading.Thread(target=lambda: os.write(target, b"".join(pieces)))
    writer.start()
    alone = Mutator(few, 0)
    assert ids(trials) == ids(Plan(PROMPTS, alone.mutations, 400).disturbed())
    assert here.notes == alone.notes
    assert len(alone.notes) == len(PROMPTS)
    writer.join()
    os.close(source)
    os.close(target)


def nobody(prompt: GoldenPrompt) -> Iterator[Mutation]:
    """Must not be asked."""
    raise AssertionError(f"made here: {prompt.text}")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 prefers what is in the current folder")
async def test_another_process_makes_the_same_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids, texts and edits; what a language model wrote goes along, and nothing of the current folder."""
    (tmp_path / "random.py").write_text("raise RuntimeError", "utf-8")
    monkeypatch.chdir(tmp_path)
    mutator = Mutator(CONFIG, 7)
    mutator.share = 0.5
    mutator.variants = {PROMPTS[0].id: {"paraphrase": ["Refund order 4512, please."]}}
    plan = plan_of(mutator)
    expected = list(plan.disturbed())
    async with made_ahead(plan, mutator) as ahead:
        assert isinstance(ahead, PlanAhead)
        ahead._plan = replace(plan, mutate=nobody)
        (trials,) = ahead.rounds()
        assert select.select([ahead._source], [], [], 60)[0]
        assert list(trials) == expected
    assert any("Refund order 4512, please." in trial.turns for trial in expected)


async def test_operators_of_this_process_alone_are_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process does not know them, so that everything is made here."""
    monkeypatch.setattr(operators, "_plugins", dict(operators._plugins))

    @operator("noise", "fs_local", Kind.PRESERVES_MEANING, weight=100.0)
    def fs_local(source: Source, rng: Random, intensity: float) -> Draft:
        """Adds a sign."""
        return Draft((Edit(0, 0, "§"),))

    mutator = Mutator(MutationsConfig(count=10, types=["noise"]), 0)
    plan = Plan(PROMPTS, mutator.mutations, 10)
    async with made_ahead(plan, mutator) as ahead:
        assert isinstance(ahead, PlanAhead)
        assert select.select([ahead._source], [], [], 60)[0]
        (trials,) = ahead.rounds()
        texts = [trial.turns[-1] for trial in trials]
    assert texts == [trial.turns[-1] for trial in plan.disturbed()]
    assert any(text.startswith("§") for text in texts)


async def test_other_plans_stay_here(mutator: Counting) -> None:
    """One with a selection, and one whose mutations come from elsewhere."""
    plan = plan_of(mutator)
    for other in (replace(plan, selection=bool), replace(plan, mutate=lambda _: iter(()))):
        async with made_ahead(other, mutator) as same:
            assert same is other
