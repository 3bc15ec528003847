"""Counts what a run says beside its scores: records in, ``Measures`` out."""

from __future__ import annotations

from flakestorm.model.measures import Measures
from flakestorm.model.mutation import Kind
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.scoring.attack_success import obeyed
from flakestorm.scoring.behaviour.fault_modes import UNBROKEN, modes
from flakestorm.scoring.intervals import Interval, clustered
from flakestorm.scoring.over_refusal import Refuses, over_refused
from flakestorm.scoring.pass_hat_k import Count, pass_hats
from flakestorm.scoring.rate_of import rate_of
from flakestorm.scoring.robustness_ratio import robustness_ratio

KEEPS_RULES = frozenset({Kind.PRESERVES_MEANING, Kind.USER})
"""The golden prompt's own rules are asked of these, so that their pass rate compares with the undisturbed."""


class MeasureTally:
    """Streaming counts of one run. ``refuses`` tells refusals; without it there is no over-refusal."""

    def __init__(self, refuses: Refuses | None = None, interval: Interval = clustered) -> None:
        self._refuses = refuses
        self._interval = interval
        self._undisturbed: dict[str, Count] = {}
        self._mutated: dict[str, Count] = {}
        self._prompts: dict[str, Count] = {}
        self._environment: dict[str, Count] = {}
        self._faults: dict[str, Count] = {}
        self._attacks: dict[str, Count] = {}
        self._refusals: dict[str, Count] = {}

    def add(self, record: TrialRecord) -> None:
        """Count one finished trial."""
        prompt = record.trial.prompt.id
        if record.status in (TrialStatus.PASSED, TrialStatus.FAILED):
            for arm in self._arms(record):
                _count(arm, prompt, record.status is TrialStatus.PASSED)
        attack = obeyed(record)
        if attack is not None:
            _count(self._attacks, prompt, attack)
        refusal = None if self._refuses is None else over_refused(record, self._refuses)
        if refusal is not None:
            _count(self._refusals, prompt, refusal)

    def _arms(self, record: TrialRecord) -> list[dict[str, Count]]:
        """The counts that a judged trial belongs to; one that two things disturb has no arm of its own."""
        trial = record.trial
        if trial.is_control:
            return [self._undisturbed]
        fired = frozenset[str]().union(*map(modes, record.outcome.calls))
        if trial.mutation is None:
            return [self._environment if fired <= UNBROKEN else self._faults] if fired else []
        if fired:
            return []
        return [self._mutated, self._prompts] if trial.kind in KEEPS_RULES else [self._mutated]

    def measures(self) -> Measures:
        """What is known by now."""
        return Measures(
            undisturbed=pass_hats(_in_order(self._undisturbed), interval=self._interval),
            disturbed=pass_hats(_in_order(self._mutated), interval=self._interval),
            prompts=robustness_ratio(self._prompts, self._undisturbed),
            environment=robustness_ratio(self._environment, self._undisturbed),
            faults=robustness_ratio(self._faults, self._undisturbed),
            attack_success=rate_of(self._attacks, self._interval),
            over_refusal=rate_of(self._refusals, self._interval),
        )


def _count(counts: dict[str, Count], prompt: str, hit: bool) -> None:
    hits, judged = counts.get(prompt, (0, 0))
    counts[prompt] = hits + hit, judged + 1


def _in_order(counts: dict[str, Count]) -> list[Count]:
    return [counts[prompt] for prompt in sorted(counts)]
