"""Runs flakestorm on an agent as a user would, and says after how many calls the defect was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.loop import run_async
from flakestorm.model.mutation import Kind
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.mutations.registry import operators
from flakestorm.store.runs import RunFolder
from planted.servers import PROMPTS, Served
from planted.specimen import BASICS, Profile, Rules, Specimen

CONTROL_REPEATS = 3
"""The default of ``advanced.control_repeats``."""
STAGES = (60, 200)
"""Calls of the runs before the longest one."""
SERVER_RULES: Rules = (*BASICS[:2], {"type": "contains", "value": "Thursday"})


@dataclass(frozen=True)
class Plan:
    """How to examine: with which mutation types, for how many calls, and in which way they are spent.

    No types means that the user configured none.
    """

    types: tuple[str, ...]
    calls: int = 500
    seed: int = 0
    search: bool = False


@dataclass(frozen=True)
class Examination:
    """What a run of ``calls`` calls showed.

    ``found`` is the number of the first call, control arm included, that shows the defect; None when none
    does. ``shows`` is (mutation type, operator, rule) of that call. ``failing`` counts the failed disturbed
    trials by type, and ``critical`` those that broke a critical rule. ``clean`` tells whether every
    undisturbed call passed.
    """

    name: str
    calls: int
    found: int | None
    shows: tuple[str, str, str] | None
    failing: Counter[str]
    critical: int
    clean: bool


def types_of(profile: Profile) -> tuple[str, ...]:
    """The mutation types of a profile, in the public order; the user's own templates are none."""
    if profile is Profile.DEFAULT:
        return PUBLISHED_DEFAULTS
    protocol = profile is Profile.PROTOCOL
    having = {info.type for _, info in operators.items() if (info.kind is Kind.PROTOCOL) is protocol}
    return tuple(type_ for type_ in MutationType if type_.value in having - {"custom"})


def examine(specimen: Specimen, plan: Plan, folder: Path) -> Examination:
    """The result of one run on a Python agent; ``folder`` keeps its file."""
    # One call after the other, so that "the first call" has a meaning, unless only many at once show it.
    config = _configuration(
        {"type": "python", "endpoint": "planted:agent", "timeout": 5000},
        specimen.prompts,
        specimen.rules,
        plan,
        concurrency=10 if specimen.noisy else 1,
    )
    run = run_async(Execution(config, Wishes(target=specimen.target, folder=RunFolder(folder))).run())
    return _examination(specimen.name, run.records(), lambda record: _shows_defect(record, specimen))


def examine_until_found(specimen: Specimen, plan: Plan, folder: Path) -> Examination:
    """The same, in runs that become longer until one finds the defect: each begins as the shorter one did."""
    for calls in (*(stage for stage in STAGES if stage < plan.calls), plan.calls):
        done = examine(specimen, replace(plan, calls=calls), folder)
        if done.found or not done.clean:
            break
    return done


async def examine_served(served: Served, plan: Plan, folder: Path) -> Examination:
    """The result of one run on a server of its own."""
    with served.start() as url:
        config = _configuration({"endpoint": url, "timeout": 5000}, PROMPTS[:1], SERVER_RULES, plan)
        run = await Execution(config, Wishes(folder=RunFolder(folder))).run()
        return _examination(served.name, run.records(), lambda record: not record.trial.is_control)


def _configuration(
    agent: dict[str, Any], prompts: tuple[str, ...], rules: Rules, plan: Plan, concurrency: int = 10
) -> FlakeStormConfig:
    """Everything that is not named here is as it is by default."""
    return FlakeStormConfig(
        agent=agent,
        golden_prompts=prompts,
        mutations={
            "count": max(1, plan.calls // len(prompts) - CONTROL_REPEATS),
            **({"types": plan.types} if plan.types else {}),
        },
        invariants=rules,
        advanced={
            "seed": plan.seed,
            "concurrency": concurrency,
            "error_budget": 1.0,
            "shrink_budget": 0,
            "strategy": "search" if plan.search else "uniform",
            "budget": plan.calls if plan.search else None,
        },
    )


def _examination(
    name: str, found_in: Iterable[TrialRecord], shows: Callable[[TrialRecord], bool]
) -> Examination:
    records = list(found_in)
    at, first = next(
        ((at, record) for at, record in enumerate(records, 1) if _failed(record) and shows(record)),
        (None, None),
    )
    failed = [record for record in records if _failed(record)]
    disturbed = [record for record in failed if not record.trial.is_control]
    return Examination(
        name=name,
        calls=len(records),
        found=at,
        shows=None if first is None else _shown(first),
        failing=Counter(str(record.trial.mutation.type) for record in disturbed if record.trial.mutation),
        critical=sum(map(_is_critical, disturbed)),
        clean=len(failed) == len(disturbed),
    )


def _failed(record: TrialRecord) -> bool:
    return record.status is TrialStatus.FAILED or (
        record.status is TrialStatus.ERRORED and record.outcome.error is not None
    )


def _shows_defect(record: TrialRecord, specimen: Specimen) -> bool:
    """True when the agent without the defect would have replied otherwise to a trial that failed."""
    if record.trial.is_control and not specimen.noisy:
        return False
    if specimen.twin is None or record.outcome.reply is None or len(record.trial.turns) > 1:
        return True
    if any(v.type == "latency" and v.status is VerdictStatus.FAILED for v in record.verdicts):
        return True  # the twins reply at once
    return specimen.twin(record.trial.turns[-1]) != record.outcome.reply


def _shown(record: TrialRecord) -> tuple[str, str, str]:
    mutation = record.trial.mutation
    rule = next((v.invariant for v in record.verdicts if v.status is VerdictStatus.FAILED), "error")
    return ("control", "", rule) if mutation is None else (mutation.type, mutation.operator, rule)


def _is_critical(record: TrialRecord) -> bool:
    return any(v.status is VerdictStatus.FAILED and v.severity is Severity.CRITICAL for v in record.verdicts)
