"""The even plan: each trial once, in turns that are fair to all golden prompts."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice

import pytest

from flakestorm.core.plan import LONGEST_TURN, Plan
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator

PROMPTS = tuple(GoldenPrompt((f"How do I get a refund for order {n}?",)) for n in range(4512, 4516))


def plan_of(count: int, repeats: int) -> Plan:
    """A plan for four golden prompts."""
    mutator = Mutator(MutationsConfig(count=count), 0)
    return Plan(PROMPTS, mutator.mutations, count, repeats, control_repeats=3)


def test_each_trial_is_planned_once() -> None:
    """The store relies on it: nothing there looks whether an id came before."""
    plan = plan_of(count=200, repeats=2)
    ids = [trial.id for trial in chain(plan.control(), plan.disturbed())]
    assert len(ids) == len(set(ids)) == plan.planned() == 4 * (3 + 200 * 2)


@pytest.mark.parametrize("stopped_at", [40, 200, 900])
def test_a_run_that_is_stopped_was_fair(stopped_at: int) -> None:
    """No golden prompt had more than twice as much as another, and a first turn."""
    taken = Counter(trial.prompt.id for trial in islice(plan_of(600, 1).disturbed(), stopped_at))
    assert len(taken) == len(PROMPTS)
    assert max(taken.values()) <= 2 * min(taken.values()) + 8
    assert max(taken.values()) - min(taken.values()) <= LONGEST_TURN
