"""Minimal inputs of a run: how much effort they are worth, and where the result is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flakestorm.core.assembly import Facts
from flakestorm.core.shrinking import Effort, Shrinker
from flakestorm.model.errors import UsageError
from flakestorm.scoring.causes import CauseTally, Group
from flakestorm.store.run_file import RunFile

PER_FAILURE = 40
LEAST_TOTAL, MOST_TOTAL = 40, 400
CONFIRMATIONS = 3
"""So often is a minimal input sent again; an agent that is said to be deterministic is asked once."""


def effort_for(trials: int, wanted: int | None, deterministic: bool | None = False) -> Effort:
    """The calls that may be spent: ``wanted``, or as many as there were ``trials``, within bounds."""
    total = min(max(trials, LEAST_TOTAL), MOST_TOTAL) if wanted is None else wanted
    return Effort(PER_FAILURE, total, 1 if deterministic else CONFIRMATIONS)


async def shrunk(facts: Facts, groups: Sequence[Group], shrinker: Shrinker, again: bool = False) -> Facts:
    """``facts`` with the minimal inputs of ``groups``; ``again`` reduces those that are known already too."""
    found = await shrinker.reduce(groups, () if again else facts.minimals)
    by_group = {(minimal.rule, minimal.operator): minimal for minimal in (*facts.minimals, *found)}
    notes = list(facts.info.notes)
    if shrinker.calls:
        few = " (the budget for it is spent, or it was interrupted)" if shrinker.stopped else ""
        notes.append(f"Reducing failures to minimal inputs took {shrinker.calls} calls more{few}.")
    info = replace(facts.info, notes=tuple(notes))
    return replace(facts, info=info, minimals=tuple(by_group.values()))


def groups_of_trial(store: RunFile, prefix: str) -> list[Group]:
    """What broke in the trial whose id begins with ``prefix``. Raises ``UsageError`` when nothing did."""
    tally = CauseTally()
    records = list(store.matching(prefix.lower()))
    if len(records) != 1:
        what = "several trials whose ids begin" if records else "no trial whose id begins"
        raise UsageError(f"run {store.id} has {what} with '{prefix}'. The report lists the trials.")
    tally.add(records[0])
    groups = [group for group in tally.groups() if group.can_shrink]
    if not groups:
        raise UsageError(
            f"trial {records[0].trial.id} is {records[0].status}: it has no failure that could be reduced."
        )
    return groups
