"""The trials of a run of all pillars: one control arm, then what each pillar disturbs."""

from __future__ import annotations

from collections.abc import Iterator

from flakestorm.core.contract_plan import ContractPlan
from flakestorm.core.plan import Planned
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import Trial


class CiPlan:
    """``plan`` (mutations and faults) and the trials of a ``contract``, which share their undisturbed trials.

    The contract comes first: what a mutation may leave behind in the agent is then none of its business. Its
    undisturbed repeats run in rounds where the agent could remember, as they do in a run of its own.
    """

    def __init__(self, plan: Planned, contract: ContractPlan) -> None:
        self._plan = plan
        self._contract = contract
        self._given: set[str] = set()

    def control(self) -> Iterator[Trial]:
        """The contract's first undisturbed trials, and those of golden prompts that it does not ask about."""
        yield from self._once(self._contract.control())
        asked = {trial.prompt.id for trial in self._contract.undisturbed()}
        yield from self._once(trial for trial in self._plan.control() if trial.prompt.id not in asked)

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """The contract's, what is left of the control arm, and those of ``plan``."""
        for trials in self._contract.rounds():
            yield self._once(trials)
        yield self._once(self._plan.control())
        yield from self._plan.rounds()

    def attacks(self) -> Iterator[Trial]:
        """Those of ``plan``."""
        return self._plan.attacks()

    def planned(self) -> int:
        """How many trials there will be at most, those that are shared counted once."""
        undisturbed = {trial.id for trial in self._contract.undisturbed()}
        shared = sum(trial.id in undisturbed for trial in self._plan.control())
        return self._contract.planned() + self._plan.planned() - shared

    def observe(self, record: TrialRecord) -> None:
        """Both may learn."""
        self._contract.observe(record)
        self._plan.observe(record)

    def _once(self, trials: Iterator[Trial]) -> Iterator[Trial]:
        """``trials`` without undisturbed ones that were given before; only these can meet again."""
        for trial in trials:
            if not trial.is_control:
                yield trial
            elif trial.id not in self._given:
                self._given.add(trial.id)
                yield trial
