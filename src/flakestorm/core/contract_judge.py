"""Judges the trials of a contract: each prompt by the rules that speak about it."""

from __future__ import annotations

from typing import Any

from flakestorm.core.contract_matrix import Contract
from flakestorm.invariants.judge import Judge, no_models
from flakestorm.invariants.registry import Models
from flakestorm.model.outcome import Outcome
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Verdict

NO_FAULTS: frozenset[Any] = frozenset()


class ContractJudge:
    """One judge for all prompts that have the same rules. See ``Judge`` for what its methods do."""

    def __init__(self, contract: Contract, models: Models = no_models) -> None:
        judges: dict[tuple[str | None, ...], Judge] = {}
        self._judges: dict[str, Judge] = {}
        for prompt, rules in contract.rules_of.items():
            key = tuple(rule.id for rule in rules)
            if key not in judges:
                judges[key] = Judge(rules, models)
            self._judges[prompt] = judges[key]
        self.deliberates = any(judge.deliberates for judge in judges.values())

    def judge(
        self,
        trial: Trial,
        outcome: Outcome,
        baseline: str | None = None,
        faults: frozenset[Any] = NO_FAULTS,
    ) -> tuple[Verdict, ...]:
        """The verdicts on one outcome."""
        return self._judges[trial.prompt.id].judge(trial, outcome, baseline, faults)

    async def deliberate(
        self,
        trial: Trial,
        outcome: Outcome,
        baseline: str | None = None,
        faults: frozenset[Any] = NO_FAULTS,
    ) -> tuple[Verdict, ...]:
        """The same, asking language models."""
        return await self._judges[trial.prompt.id].deliberate(trial, outcome, baseline, faults)
