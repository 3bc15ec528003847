"""The disturbed trials of a plan in batches, for another process to take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flakestorm.core.plan import Plan
from flakestorm.model.mutation import Mutation
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

BATCH = 32
"""Trials that leave together: some milliseconds of work."""

Made = tuple[str, str, int, Mutation | None]
"""A trial's id, its golden prompt's id, the repeat number and the mutation."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: the disturbed trials of ``plan``, whose mutations are made by ``mutator``.

    ``operators`` are the names of all that it has to choose from.
    """

    plan: Plan
    mutator: Mutator
    operators: frozenset[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some trials, the first of them number ``first`` of the plan; the last batch has none.

    ``notes`` are what the mutator had to say on the way.
    """

    first: int
    trials: list[Made]
    notes: list[str]


def known_operators() -> frozenset[str]:
    """The names of the operators that are registered in this process."""
    return frozenset(name for name, _ in operators.items())


def batches(order: Order) -> Iterator[Batch]:
    """All disturbed trials of the plan, and an empty batch behind them."""
    trials = order.plan.disturbed()
    notes = order.mutator.notes
    notes.clear()
    first = 0
    while True:
        made = [(t.id, t.prompt.id, t.repeat, t.mutation) for t in islice(trials, BATCH)]
        yield Batch(first, made, notes[:])
        if not made:
            return
        notes.clear()
        first += len(made)
