"""Judges a run of all pillars: invariants and the contract each speak about their own trials."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flakestorm.core.contract_judge import ContractJudge
from flakestorm.core.contract_matrix import Contract
from flakestorm.core.engine import NO_FAULTS, Judging
from flakestorm.model.outcome import Outcome
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Verdict


class CiJudge:
    """Both speak about the undisturbed trials, which both are measured by. See ``Judge`` for the methods.

    ``measured`` are the scenarios in which the invariants speak.
    """

    def __init__(
        self, judge: Judging, of_contract: ContractJudge, contract: Contract, measured: Collection[str]
    ) -> None:
        self._judge = judge
        self._of_contract = of_contract
        self._golden = {prompt.id for prompt in contract.golden}
        self._asked = frozenset(contract.rules_of)
        self._columns = frozenset(contract.columns)
        self._measured = frozenset(measured)
        self.deliberates = judge.deliberates or of_contract.deliberates

    def judge(
        self, trial: Trial, outcome: Outcome, baseline: str | None = None, faults: frozenset[Any] = NO_FAULTS
    ) -> tuple[Verdict, ...]:
        """The verdicts on one outcome: the invariants', then the contract's."""
        return tuple(
            verdict
            for judge in self._judges(trial)
            for verdict in judge.judge(trial, outcome, baseline, faults)
        )

    async def deliberate(
        self, trial: Trial, outcome: Outcome, baseline: str | None = None, faults: frozenset[Any] = NO_FAULTS
    ) -> tuple[Verdict, ...]:
        """The same, asking language models."""
        found: list[Verdict] = []
        for judge in self._judges(trial):
            found += await judge.deliberate(trial, outcome, baseline, faults)
        return tuple(found)

    def _judges(self, trial: Trial) -> list[Judging]:
        if trial.mutation is not None:
            return [self._judge]
        found: list[Judging] = []
        scenario = trial.scenario
        if trial.prompt.id in self._golden and (scenario == NO_CHAOS or scenario in self._measured):
            found.append(self._judge)
        if trial.prompt.id in self._asked and (scenario == NO_CHAOS or scenario in self._columns):
            found.append(self._of_contract)
        return found
