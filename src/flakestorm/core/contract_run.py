"""What running a contract asks of an execution: its plan, its judge, and trials kept apart."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.ci_judge import CiJudge
from flakestorm.core.ci_plan import CiPlan
from flakestorm.core.ci_run import named_apart
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_judge import ContractJudge
from flakestorm.core.contract_matrix import Contract
from flakestorm.core.contract_plan import ContractPlan
from flakestorm.core.engine import Judging
from flakestorm.core.isolation import Isolation, is_independent, isolation_of
from flakestorm.core.plan import Planned, Selection
from flakestorm.invariants.registry import Models
from flakestorm.model.contract import Terms

ANEW = "a program of its own for each trial"


def contract_chaos(contract: Contract) -> Chaos:
    """The scenarios of ``contract`` in the form in which an execution takes and stores them."""
    return Chaos(contract.scenarios, only=True, columns=contract.columns)


@dataclass(frozen=True)
class ContractRun:
    """``contract`` with what keeps its trials apart; ``independent`` ones have nothing to remember with.

    ``measured`` are the other scenarios of a run of all pillars; None where the contract is alone.
    """

    config: FlakeStormConfig
    contract: Contract
    isolation: Isolation | None
    independent: bool
    measured: tuple[str, ...] | None = None

    @classmethod
    def of(cls, config: FlakeStormConfig, chaos: Chaos | None, is_object: bool) -> ContractRun | None:
        """The contract that ``chaos`` names the columns of; None for any other run. Raises ``UsageError``."""
        if chaos is None or not chaos.columns:
            return None
        isolation = isolation_of(config, is_object)
        independent = isolation is not None or is_independent(config.agent, is_object)
        contract = Contract.wanted(config, chaos.columns)
        if chaos.measured is not None:
            contract = named_apart(contract, config)
        return cls(config, contract, isolation, independent, chaos.measured)

    @property
    def is_alone(self) -> bool:
        """Whether nothing but the contract is run."""
        return self.measured is None

    def beside(self, plan: Planned, selection: Selection | None) -> CiPlan:
        """The trials of the contract and those of ``plan``, which share their control arm."""
        return CiPlan(plan, self.plan(selection))

    def judge_beside(self, judge: Judging, models: Models) -> CiJudge:
        """The judge of all trials, where ``judge`` is that of the other pillars."""
        return CiJudge(judge, self.judge(models), self.contract, self.measured or ())

    def plan(self, selection: Selection | None) -> ContractPlan:
        """The trials, or those that fit ``selection``."""
        settings = self.config.advanced
        return ContractPlan(
            self.contract,
            settings.repeats,
            settings.control_repeats,
            self.independent,
            self.config.agent.deterministic,
            selection,
        )

    def judge(self, models: Models) -> ContractJudge:
        """The judge of all trials."""
        return ContractJudge(self.contract, models)

    def terms(self) -> Terms:
        """What is promised, and how the trials are kept apart."""
        fresh = self.isolation.words if self.isolation else ANEW if self.independent else ""
        return self.contract.terms(fresh, self.config.agent.deterministic)
