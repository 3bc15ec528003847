"""What running a contract asks of an execution: its plan, its judge, and trials kept apart."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.agents.port import Agent
from flakestorm.core.chaos_environment import Environment, Prepare, nothing
from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.ci_judge import CiJudge
from flakestorm.core.ci_plan import CiPlan
from flakestorm.core.ci_run import named_apart
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_isolation import Isolation, Lanes, is_independent, isolation_of
from flakestorm.core.contract_judge import ContractJudge
from flakestorm.core.contract_matrix import Contract
from flakestorm.core.contract_plan import ContractPlan
from flakestorm.core.engine import Judging
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

    def lanes(self) -> Environment | None:
        """The environment of a contract without faults: none is needed where trials may share the agent."""
        return Lanes(self.isolation.at_once) if self.isolation else None

    def at_once(self, possible: int | None) -> int | None:
        """How many trials may run at once where ``possible`` could be told apart; None for any number."""
        if self.isolation is None:
            return possible
        return self.isolation.at_once if possible is None else min(possible, self.isolation.at_once)

    def prepare(self, agent: Agent) -> Prepare:
        """What brings ``agent`` back to its start before a trial."""
        isolation = self.isolation
        if isolation is None:
            return nothing

        async def renew(lane: int | None) -> None:
            await isolation.renew(agent, lane)

        return renew

    @property
    def allowance_s(self) -> float:
        """Seconds that getting ready for a trial may take, beside the agent's own timeout."""
        return self.isolation.allowance_s if self.isolation else 0.0
