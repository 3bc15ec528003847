"""Runs flakestorm on a desk as a user would, with all profiles or as an exploration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from environment.defects import Planted
from environment.desk import Desk
from environment.language_model import speak
from environment.shop import gateway, shop
from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.inprocess.installed import installed
from flakestorm.cli.explore import BUDGET
from flakestorm.core.chaos_plan import ALL_PROFILES, Chaos
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.model.outcome import ErrorKind
from flakestorm.model.record import TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import NO_CHAOS
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.store.runs import RunFolder
from flakestorm.testing import ScriptedLLM

PROMPTS = ("Where are my orders 4512 and 7731?", "Refund order 4512, it arrived broken.")
RULES = (
    {"type": "completes"},
    {"type": "output_not_empty"},
    {"type": "regex", "pattern": r"Thursday|RF-\d+"},
)
"""What every user writes: an answer, and that it is the answer."""
DEADLINE_MS = 7500
AT_ONCE = 3
"""Desks that are examined at the same time; most of the time they wait."""

Way = Callable[[FlakeStormConfig], Chaos]
"""How to examine: the scenarios of a run."""
Shown = tuple[str, str]
"""Where (a scenario), and what: the kind of a finding, or a rule that failed."""


def all_profiles(config: FlakeStormConfig) -> Chaos:
    """``run --chaos-only --chaos-profile all``."""
    return Chaos.wanted(config, (ALL_PROFILES,), only=True)


def exploration(config: FlakeStormConfig) -> Chaos:
    """``explore`` with its default budget."""
    return Chaos.exploration(BUDGET, config)


@dataclass(frozen=True)
class Examination:
    """What a run showed: findings and failed verdicts, the critical findings, and the number of trials.

    ``clean`` tells whether every undisturbed trial passed.
    """

    findings: frozenset[Shown]
    failed: frozenset[Shown]
    critical: frozenset[Shown]
    trials: int
    clean: bool

    def beyond(self, twin: Examination, planted: Planted) -> list[Shown]:
        """What shows the defect: the findings and rules that are right about it, where the twin has none."""
        shown = (self.findings | self.failed) - (twin.findings | twin.failed)
        return sorted(place for place in shown if place[1] in planted.kinds)


@dataclass(frozen=True)
class Place:
    """Where desks are examined: their model, their shop, and the folder of the runs."""

    llm_url: str
    shop_url: str
    folder: Path

    async def examine(self, desk: type[Desk], way: Way = all_profiles, seed: int = 0) -> Examination:
        """The result of one run on a new desk; of a second one where the first was not clean.

        Then the machine was too busy for a desk that nobody disturbed.
        """
        first = await self._examine(desk, way, seed, "first")
        return first if first.clean else await self._examine(desk, way, seed, "second")

    async def _examine(self, desk: type[Desk], way: Way, seed: int, attempt: str) -> Examination:
        config = self._configuration(seed)
        agent = desk(self.llm_url, self.shop_url)
        wishes = Wishes(
            target=agent,
            chaos=way(config),
            folder=RunFolder(self.folder / f"{desk.__name__}-{way.__name__}-{seed}-{attempt}"),
        )
        try:
            return _examination(await Execution(config, wishes).run())
        finally:
            await agent.close()

    async def examine_all(
        self, desks: Iterable[type[Desk]], way: Way = all_profiles, seed: int = 0
    ) -> dict[type[Desk], Examination]:
        """Several of them, a few at a time."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(desk: type[Desk]) -> tuple[type[Desk], Examination]:
            async with free:
                return desk, await self.examine(desk, way, seed)

        return dict(await asyncio.gather(*map(one, dict.fromkeys(desks))))

    def _configuration(self, seed: int) -> FlakeStormConfig:
        return FlakeStormConfig(
            agent={"type": "python", "endpoint": "environment:desk", "timeout": DEADLINE_MS},
            golden_prompts=PROMPTS,
            invariants=RULES,
            chaos={"gateway": gateway(self.shop_url)},
            advanced={
                "seed": seed,
                "concurrency": 8,
                "error_budget": 1.0,
                "shrink_budget": 0,
                "control_repeats": 1,
            },
        )


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """A place with a model and a shop of its own."""
    async with ScriptedLLM(speak) as llm, shop() as shop_url:
        # Held for all runs: the first one to end must not take the shop's addresses from the others.
        with installed(GatewayConfig.model_validate(gateway(shop_url))):
            yield Place(llm.openai_url, shop_url, folder)


def _examination(run: Run) -> Examination:
    records = list(run.records())
    broken = [
        (record.trial.scenario, verdict.invariant)
        for record in records
        # Who replies too late breaks every rule; that has a finding of its own.
        if record.outcome.error is None or record.outcome.error.kind is not ErrorKind.TIMEOUT
        for verdict in record.verdicts
        if verdict.status is VerdictStatus.FAILED
    ]
    shown = [(finding, (finding.scenario or NO_CHAOS, finding.kind)) for finding in run.findings]
    return Examination(
        findings=frozenset(place for _, place in shown),
        failed=frozenset(broken),
        critical=frozenset(place for finding, place in shown if finding.severity is Severity.CRITICAL),
        trials=len(records),
        clean=all(r.status is TrialStatus.PASSED for r in records if r.trial.is_control),
    )
