"""One run from configuration to ``Run``: opens the agent and the store, runs the engine, closes both."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from time import monotonic

from flakestorm.agents.open import open_agent
from flakestorm.agents.port import Agent
from flakestorm.agents.wire.permission import attack_refusal
from flakestorm.core.assembly import INTERRUPTED, Facts, assemble
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.engine import Engine, Listener, Parts
from flakestorm.core.executor import Limits, LocalExecutor
from flakestorm.core.pace import Pace
from flakestorm.core.plan import Plan
from flakestorm.core.selection import parse_selection
from flakestorm.core.sending import sender
from flakestorm.core.target import describe_target, request_shape
from flakestorm.invariants.judge import Judge
from flakestorm.model.errors import UsageError
from flakestorm.model.events import FindingMade, RunFinished, RunStarted, Throttled
from flakestorm.model.finding import Finding
from flakestorm.model.redaction import Redactor
from flakestorm.model.run import Run, RunInfo
from flakestorm.mutations.engine import Mutator
from flakestorm.scoring.assessment import Demands
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder, exclusive
from flakestorm.version import __version__


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for beside the configuration.

    ``resume`` is a run id, the beginning of one, or ``latest``. ``only`` is a selection such as
    ``failed``. ``min_score`` (0–1) overrides the configuration's. ``target`` is an agent object.
    """

    resume: str | None = None
    only: str | None = None
    min_score: float | None = None
    target: object | None = None
    folder: RunFolder = field(default_factory=RunFolder)


class Execution:
    """Runs ``config`` once. Errors of ours are raised; whatever the agent does ends up in the ``Run``."""

    def __init__(
        self, config: FlakeStormConfig, wishes: Wishes | None = None, listeners: Sequence[Listener] = ()
    ) -> None:
        self._config = config
        self._wishes = wishes or Wishes()
        self._listeners = listeners
        self._redact = Redactor(config.secrets)
        self._findings: list[Finding] = []
        self._refusal = attack_refusal(config.agent, in_python=self._wishes.target is not None)
        self._mutator = Mutator(config.mutations, config.advanced.seed, attacks=not self._refusal)

    async def run(self) -> Run:
        """The finished run, or the part of it that was done when a signal, a budget or the agent ended it."""
        judge = Judge(self._config.invariants)
        plan = self._plan()
        async with open_agent(self._config.agent, self._on_finding, self._wishes.target) as agent:
            await agent.preflight()
            with ExitStack() as stack:
                store = self._open_store(stack, plan)
                return await self._run_in(store, plan, judge, agent)

    def _plan(self) -> Plan:
        config, only = self._config, self._wishes.only
        return Plan(
            prompts=config.golden,
            mutate=self._mutator.mutations,
            count=config.mutations.count if self._mutator.types else 0,
            repeats=config.advanced.repeats,
            control_repeats=config.advanced.control_repeats,
            selection=parse_selection(only, self._wishes.folder) if only else None,
            attacked=bool(self._mutator.attacked) and not self._refusal,
        )

    def _open_store(self, stack: ExitStack, plan: Plan) -> RunFile:
        folder, resume = self._wishes.folder, self._wishes.resume
        path = folder.find(resume) if resume is not None else folder.new_path()
        stack.enter_context(exclusive(path))
        if resume is None:
            store = RunFile.create(path, self._new_facts(path.stem, plan).to_dict())
        else:
            store = RunFile.open(path)
        stack.callback(store.close)
        if resume is not None:
            self._check_same(Facts.of(store), path.stem)
        return store

    def _new_facts(self, run_id: str, plan: Plan) -> Facts:
        config = self._config
        info = RunInfo(
            id=run_id,
            status="running",
            started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seconds=0.0,
            seed=config.advanced.seed,
            config_digest=config.digest,
            config_path=str(config.source_path or ""),
            target=self._redact(describe_target(config)),
            version=__version__,
            planned=plan.planned(),
            concurrency=config.advanced.concurrency,
            notes=(*config.unused_parts(), *self._skipped_attacks()),
            request=request_shape(config),
        )
        if plan.selection is not None and plan.planned() == 0:
            raise UsageError(
                f"--only {self._wishes.only}: no planned trial fits, so there is nothing to run."
            )
        weights = {type_: config.mutations.weight(type_) for type_ in map(str, config.mutations.types)}
        min_score = self._wishes.min_score
        demands = Demands(
            config.advanced.min_score if min_score is None else min_score, config.advanced.error_budget
        )
        return Facts(info, weights, demands)

    def _skipped_attacks(self) -> Iterator[str]:
        if self._refusal and self._mutator.attacked:
            types = ", ".join(self._mutator.attacked)
            yield f"attacks on the protocol ({types}) are skipped: {self._refusal}"

    def _check_same(self, facts: Facts, run_id: str) -> None:
        if facts.info.config_digest != self._config.digest:
            raise UsageError(
                f"run {run_id} was made with another configuration (digest {facts.info.config_digest}, now "
                f"{self._config.digest}), so resuming would mix two experiments. Start a new run, or resume "
                "with the configuration as it was."
            )
        if facts.info.version != __version__:
            raise UsageError(
                f"run {run_id} was made by flakestorm {facts.info.version}, this is {__version__}, and their "
                "mutations may differ. Start a new run."
            )
        if facts.info.status == "complete":
            raise UsageError(
                f"run {run_id} is complete, there is nothing to resume. "
                f"See it with: flakestorm report {run_id}"
            )

    async def _run_in(self, store: RunFile, plan: Plan, judge: Judge, agent: Agent) -> Run:
        facts = Facts.of(store)
        tally = facts.tally()
        executor = self._executor(agent)
        parts = Parts(executor, judge, store, self._redact, tally, self._listeners)
        done = sum(store.counts().values())
        self._tell(RunStarted(facts.info, done))
        with _stopping_on_signals(executor):
            stopped = await Engine(plan, parts).run()
        facts = self._concluded(facts, stopped, store.seconds())
        store.set_facts(facts.to_dict())
        run = assemble(facts, tally, RunFile.reopened(store.path))
        self._tell(RunFinished(run))
        return run

    def _executor(self, agent: Agent) -> LocalExecutor:
        settings = self._config.advanced
        until = None if settings.max_minutes is None else monotonic() + settings.max_minutes * 60
        limits = Limits(
            concurrency=settings.concurrency,
            retries=settings.retries,
            deadline_s=self._config.agent.timeout / 1000,
            max_calls=settings.max_calls,
            until=until,
        )
        pace = Pace(
            settings.concurrency,
            settings.rate_per_s,
            lambda limit, wait: self._tell(Throttled(limit, wait, "the agent answered 429 or 503")),
        )

        return LocalExecutor(sender(agent), limits, pace, settings.seed)

    def _concluded(self, facts: Facts, stopped: str, seconds: float) -> Facts:
        info = replace(
            facts.info,
            status="partial" if stopped else "complete",
            stop_reason=stopped,
            seconds=seconds,
            notes=tuple(dict.fromkeys((*facts.info.notes, *self._mutator.notes))),
        )
        return replace(facts, info=info, findings=(*facts.findings, *self._findings))

    def _on_finding(self, finding: Finding) -> None:
        clean = replace(finding, title=self._redact(finding.title), detail=self._redact(finding.detail))
        self._findings.append(clean)
        self._tell(FindingMade(clean))

    def _tell(self, event: RunStarted | Throttled | FindingMade | RunFinished) -> None:
        for listener in self._listeners:
            listener(event)


@contextmanager
def _stopping_on_signals(executor: LocalExecutor) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run cleanly; where a loop cannot take signals, they stay as they were."""
    loop = asyncio.get_running_loop()
    taken = []
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, executor.interrupt, INTERRUPTED)
            taken.append(number)
        except (NotImplementedError, RuntimeError, ValueError):
            break  # Windows, or not in the main thread
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
