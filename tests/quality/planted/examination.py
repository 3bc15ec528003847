"""Runs flakestorm on a specimen as a user would, and says after how many calls the defect was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution, Wishes
from flakestorm.core.loop import run_async
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.mutations.registry import operators
from flakestorm.store.runs import RunFolder
from planted.specimen import Profile, Specimen

CONTROL_REPEATS = 3
"""The default of ``advanced.control_repeats``."""


@dataclass(frozen=True)
class Examination:
    """What a run of ``calls`` calls showed.

    ``found`` is the number of the first call, control arm included, that shows the defect; None when none
    does. ``shows`` is (mutation type, operator, rule) of that call. ``failing`` counts the failed disturbed
    trials by type, and ``critical`` those that broke a critical rule. ``clean`` tells whether every
    undisturbed call passed.
    """

    specimen: Specimen
    profile: Profile
    calls: int
    found: int | None
    shows: tuple[str, str, str] | None
    failing: Counter[str]
    critical: int
    clean: bool


def text_types() -> tuple[MutationType, ...]:
    """The types that have operators for texts, in the public order; the user's own templates are no type."""
    having = {info.type for _, info in operators.items() if str(info.kind) != "protocol"}
    return tuple(type_ for type_ in MutationType if type_.value in having and type_.value != "custom")


def configuration(specimen: Specimen, profile: Profile, calls: int, seed: int) -> FlakeStormConfig:
    """The configuration for a run of about ``calls`` calls; the rest is the default."""
    prompts = len(specimen.prompts)
    mutations: dict[str, object] = {"count": max(1, calls // prompts - CONTROL_REPEATS)}
    if profile is Profile.ALL_TEXT:
        mutations["types"] = text_types()
    return FlakeStormConfig(
        agent={"type": "python", "endpoint": "planted:agent", "timeout": 5000},
        golden_prompts=specimen.prompts,
        mutations=mutations,
        invariants=specimen.rules,
        # One call after the other, so that "the first call" has a meaning, unless only many at once show it.
        advanced={"seed": seed, "concurrency": 10 if specimen.noisy else 1, "error_budget": 1.0},
    )


def examine(specimen: Specimen, profile: Profile, calls: int, folder: Path, seed: int = 0) -> Examination:
    """The result of one run; ``folder`` keeps its file."""
    config = configuration(specimen, profile, calls, seed)
    wishes = Wishes(target=specimen.target, folder=RunFolder(folder))
    run = run_async(Execution(config, wishes).run())
    records = list(run.records())
    disturbed = [record for record in records if not record.trial.is_control and _failed(record)]
    at, first = next(
        ((at, record) for at, record in enumerate(records, 1) if _shows_defect(record, specimen)),
        (None, None),
    )
    return Examination(
        specimen=specimen,
        profile=profile,
        calls=len(records),
        found=at,
        shows=None if first is None else _shown(first),
        failing=Counter(record.trial.mutation.type for record in disturbed if record.trial.mutation),
        critical=sum(map(_is_critical, disturbed)),
        clean=not any(_failed(record) for record in records if record.trial.is_control),
    )


def _failed(record: TrialRecord) -> bool:
    return record.status is TrialStatus.FAILED or (
        record.status is TrialStatus.ERRORED and record.outcome.error is not None
    )


def _shows_defect(record: TrialRecord, specimen: Specimen) -> bool:
    """True when the trial failed and the agent without the defect would have replied otherwise."""
    if not _failed(record) or (record.trial.is_control and not specimen.noisy):
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
