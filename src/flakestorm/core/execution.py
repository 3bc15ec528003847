"""One run from configuration to ``Run``: opens the agent and the store, runs the engine, closes both.

Long, because it is the one place where all parts meet; what any of them does is in a file of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from time import monotonic

from flakestorm.agents.in_process import BLOCKS_LOOP
from flakestorm.agents.open import open_agent
from flakestorm.agents.outsourced import OutsourcedAgent, outsourced, senders_for
from flakestorm.agents.port import Agent
from flakestorm.agents.wire.permission import attack_refusal
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.traffic import Traffic
from flakestorm.core.assembly import Facts, assemble
from flakestorm.core.cassette_run import CASSETTE, cassette_run, facts_of
from flakestorm.core.chaos_environment import Environment, led_through, nothing
from flakestorm.core.chaos_recall import CHAOS, chaos_of
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_run import ContractRun
from flakestorm.core.engine import NO_FAULTS, Engine, Judging, Listener, Parts
from flakestorm.core.executor import Limits, LocalExecutor
from flakestorm.core.experiment import begun, check_experiment, check_resumable, first_facts
from flakestorm.core.isolation import isolation_of
from flakestorm.core.language_models import LanguageModels, keys_of, language_models
from flakestorm.core.pace import Pace
from flakestorm.core.plan import Plan, Planned, Selection
from flakestorm.core.plan_ahead import made_ahead
from flakestorm.core.planning import CONTRACT, REPLAY, Strategy, make_plan, strategy_of
from flakestorm.core.redacted_errors import redacted_errors
from flakestorm.core.replay_run import check_sessions
from flakestorm.core.run_names import id_to_resume
from flakestorm.core.selection import parse_selection
from flakestorm.core.sending import is_watched, sender
from flakestorm.core.shrink_run import effort_for, groups_of_trial, shrunk
from flakestorm.core.shrinking import Shrinker
from flakestorm.core.signals import stopping_on_signals
from flakestorm.core.surroundings import surroundings_of
from flakestorm.core.target import describe_target
from flakestorm.core.wishes import Wishes
from flakestorm.invariants.judge import Judge
from flakestorm.model.errors import UsageError
from flakestorm.model.events import Event, FindingMade, Reducing, RunFinished, RunStarted, Throttled
from flakestorm.model.finding import Finding
from flakestorm.model.redaction import Redactor
from flakestorm.model.replay import session_of
from flakestorm.model.run import Run
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity
from flakestorm.mutations.engine import Mutator
from flakestorm.scoring.tally import Tally
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import exclusive

REPLAYS = "replays"
"""The section of recorded sessions."""

VARIANTS = "variants"
"""The name under which a run stores what a language model wrote for it, so that resuming asks nobody."""


class Execution:
    """Runs ``config`` once. Errors of ours are raised; whatever the agent does ends up in the ``Run``."""

    def __init__(
        self, config: FlakeStormConfig, wishes: Wishes | None = None, listeners: Sequence[Listener] = ()
    ) -> None:
        self._config = config
        self._wishes = wishes or Wishes()
        if self._wishes.resume is not None:
            run = id_to_resume(self._wishes.folder, self._wishes.resume)
            self._wishes = replace(self._wishes, resume=run)
        self._listeners = listeners
        self._replays = self._wishes.replays
        told = self._replays.secrets if self._replays else frozenset[str]()
        self._redact = Redactor(config.secrets | keys_of(config) | told)
        self._findings: list[Finding] = []
        self._refusal = attack_refusal(config.agent, in_python=self._wishes.target is not None)
        self._mutator = Mutator(config.mutations, config.advanced.seed, not self._refusal, config.golden)
        self._mutator.share = config.model.share
        self._chaos = chaos_of(
            self._wishes.chaos, self._wishes.resume, self._wishes.only, self._wishes.folder
        )
        self._contract = ContractRun.of(config, self._chaos, self._wishes.target is not None)
        self._isolation = self._contract.isolation if self._contract else None
        if self._replays is not None and self._replays.only:
            self._isolation = isolation_of(config, self._wishes.target is not None)
        self._environment: Environment | None = None
        self.cassette = cassette_run(
            self._wishes.cassette,
            config.agent,
            config.secrets | keys_of(config) | told,
            describe_target(config),
            facts_of(self._wishes.resume, self._wishes.folder),
        )

    async def run(self) -> Run:
        """The finished run, or the part of it that was done when a signal, a budget or the agent ended it."""
        around = self.cassette.at_work() if self.cassette is not None else nullcontext()
        with redacted_errors(self._redact), around:
            async with language_models(self._config, self._wishes.folder.folder, self._redact) as models:
                judge = self._judge(models)
                plan = self._plan()
                async with self._disturbed_agent() as agent:
                    await agent.preflight()
                    if self._wishes.resume is None and self._is_mutated:
                        await models.write_variants(self._mutator)
                    with ExitStack() as stack:
                        store = self._open_store(stack, plan)
                        async with self._outsourced(agent, plan) as fast, self._ahead(plan) as ahead:
                            return await self._run_in(store, ahead, judge, fast, models)

    @property
    def _is_mutated(self) -> bool:
        return not (self._chaos and self._chaos.only) and not (self._replays and self._replays.only)

    async def shrink(self, wanted: str, trial: str = "", budget: int | None = None) -> Run:
        """The stored run ``wanted`` with minimal inputs for its failures, or for those of one ``trial``.

        ``budget`` is the most calls to spend on it.
        """
        with redacted_errors(self._redact):
            async with language_models(self._config, self._wishes.folder.folder, self._redact) as models:
                judge = Judge(self._config.invariants, models.for_rule)
                async with open_agent(self._config.agent, self._on_finding, self._wishes.target) as agent:
                    await agent.preflight()
                    with ExitStack() as stack:
                        path = self._wishes.folder.find(wanted)
                        stack.enter_context(exclusive(path))
                        store = RunFile.open(path)
                        stack.callback(store.close)
                        return await self._shrink_in(store, judge, self._executor(agent), trial, budget)

    async def _shrink_in(
        self, store: RunFile, judge: Judge, executor: LocalExecutor, trial: str, budget: int | None
    ) -> Run:
        facts = Facts.of(store)
        check_experiment(facts, self._config)
        tally = facts.tally()
        parts = Parts(executor, judge, store, self._redact, tally, self._listeners)
        engine = Engine(Plan(self._config.golden, self._mutator.mutations, 0), parts)
        engine.recall()
        engine.learn_from_control()
        effort = effort_for(tally.totals.trials, budget, self._config.agent.deterministic)
        possible = [group for group in tally.causes.groups() if group.can_shrink]
        groups = groups_of_trial(store, trial) if trial else possible
        if trial:
            effort = replace(effort, per_failure=effort.total)
        self._tell(Reducing(len(groups), effort.total))
        with stopping_on_signals(executor):
            shrinker = Shrinker(executor, engine.deliberated, effort)
            facts = await shrunk(facts, groups, shrinker, again=bool(trial))
        store.set_facts(facts.to_dict())
        run = assemble(facts, tally, RunFile.reopened(store.path))
        self._tell(RunFinished(run))
        return run

    @asynccontextmanager
    async def _disturbed_agent(self) -> AsyncIterator[Agent]:
        """The agent, in an environment that can be disturbed where scenarios are wanted."""
        target = self._wishes.target
        cassette = self.cassette
        watched = cassette is not None or (self._replays is not None and self._replays.needs_environment)
        strays = None if cassette is None else partial(cassette.strays, self._redact)
        around = surroundings_of(
            self._config, self._chaos, self._contract, self._isolation, target is not None, watched, strays
        )
        async with around as self._environment:
            variables = self._environment.surroundings if self._environment is not None else ()
            variables = variables if cassette is None else cassette.surroundings(variables)
            config = led_through(self._environment, self._config.agent)
            async with open_agent(config, self._on_finding, target, variables) as agent:
                yield agent

    def _traffic_of(self, trial: Trial) -> Traffic:
        scenario = self._chaos.scenario(trial.scenario) if self._chaos else None
        faults = None if scenario is None else FaultEngine(scenario, self._config.advanced.seed, trial.id)
        recordings = self._replays.recordings(trial) if self._replays else None
        if self.cassette is not None:
            return self.cassette.traffic(trial.id, faults, self._redact, recordings)
        return Traffic(trial.id, faults, self._redact, recordings)

    def _watched(self, trial: Trial) -> bool:
        return self.cassette is not None or is_watched(trial)

    def _disturbed_by(self, scenario: str) -> frozenset[str]:
        if self._replays is not None and session_of(scenario) is not None:
            return self._replays.disturbed_by(scenario)
        return self._chaos.disturbed_by(scenario) if self._chaos else NO_FAULTS

    def _after_control(self) -> str:
        """Whether the faults can reach anything: told at once, and not only by all trials proving nothing."""
        unplayed = self.cassette.after_control() if self.cassette is not None else ""
        if unplayed or self._environment is None or self._chaos is None:
            return unplayed
        missing = self._environment.missing(self._chaos.disturbed, self._chaos.by_url)
        if missing:
            self._on_finding(
                Finding("unreachable", Severity.HIGH, "Faults cannot reach all of the agent's calls", missing)
            )
        return ""

    def _judge(self, models: LanguageModels) -> Judging:
        judge: Judging
        if self._contract is not None and self._contract.is_alone:
            judge = self._contract.judge(models.for_rule)
        else:
            judge = Judge(self._config.invariants, models.for_rule)
            if self._contract is not None:
                judge = self._contract.judge_beside(judge, models.for_rule)
        return self._replays.judge(judge, models.for_rule) if self._replays else judge

    def _at_once(self) -> int | None:
        """How many watched trials may run at once, where that is limited."""
        possible = self._environment.at_once if self._environment is not None else None
        if self._environment is not None and any(found.kind == BLOCKS_LOOP for found in self._findings):
            # What one trial waits for, all others would wait for, and be blamed for it.
            possible = 1
        return possible if self._isolation is None else self._isolation.limit(possible)

    def _outsourced(self, agent: Agent, plan: Planned) -> AbstractAsyncContextManager[Agent]:
        processes = senders_for(plan.planned(), self._config.advanced.senders)
        if self._wishes.target is not None or self._isolation is not None:
            processes = 0
        return outsourced(agent, self._config.agent, processes, self._config.advanced.concurrency)

    def _ahead(self, plan: Planned) -> AbstractAsyncContextManager[Planned]:
        worth_it = senders_for(plan.planned(), self._config.advanced.senders) > 0
        return made_ahead(plan, self._mutator) if worth_it else nullcontext(plan)

    def _plan(self) -> Planned:
        wishes = self._wishes
        selection = parse_selection(wishes.only, wishes.folder) if wishes.only else None
        if self._replays is not None and self._replays.only:
            self._strategy = Strategy(REPLAY)
            return self._replays.plan(None, selection)
        plan = self._other_plan(selection)
        return self._replays.plan(plan, selection) if self._replays else plan

    def _other_plan(self, selection: Selection | None) -> Planned:
        """The trials that are no replays."""
        wishes = self._wishes
        self._strategy = strategy_of(self._config, wishes.folder, wishes.resume, wishes.only, self._chaos)
        if self._contract is not None and self._contract.is_alone:
            return self._contract.plan(selection)
        attacked = bool(self._mutator.attacked) and not self._refusal
        plan = make_plan(
            self._config, self._mutator, self._strategy, wishes.folder, wishes.only, attacked, self._chaos
        )
        return plan if self._contract is None else self._contract.beside(plan, selection)

    def _open_store(self, stack: ExitStack, plan: Planned) -> RunFile:
        folder, resume = self._wishes.folder, self._wishes.resume
        path = folder.find(resume) if resume is not None else folder.new_path()
        stack.enter_context(exclusive(path))
        if resume is None:
            facts = self._new_facts(path.stem, plan).to_dict()
            scenarios = self._chaos.to_dict() if self._chaos else None
            played = self.cassette.to_dict() if self.cassette else None
            made = {VARIANTS: self._mutator.variants, CHAOS: scenarios, CASSETTE: played}
            store = RunFile.create(path, {**facts, **made})
        else:
            store = RunFile.open(path)
        stack.callback(store.close)
        if resume is not None:
            stored = Facts.of(store)
            check_resumable(stored, self._config, path.stem)
            check_sessions(self._replays, stored.replay, path.stem)
            self._mutator.variants = store.facts().get(VARIANTS, {})
        return store

    def _new_facts(self, run_id: str, plan: Planned) -> Facts:
        planned = plan.planned()
        parts = {CHAOS: self._chaos, CONTRACT: self._contract, REPLAYS: self._replays}
        used = [name for name, part in parts.items() if part is not None]
        contract = self._config.contract
        if self._replays is not None and contract is not None and self._replays.uses(contract.name):
            used.append(CONTRACT)
        notes = (*self._config.unused_parts(used), *self._skipped_attacks(), *self._mutator.notes)
        if self._replays is not None and self._replays.only:
            # All of them are about trials that this run does not have.
            notes = ()
        info = begun(self._config, run_id, planned, self._strategy, notes, self._redact)
        if self._replays is not None:
            info = replace(info, sessions=self._replays.path)
        if self._wishes.only is not None and planned == 0:
            raise UsageError(
                f"--only {self._wishes.only}: no planned trial fits, so there is nothing to run."
            )
        terms = self._contract.terms() if self._contract else None
        facts = first_facts(self._config, info, self._wishes.min_score, terms, self._wishes.ci)
        return replace(facts, replay=self._replays.terms()) if self._replays else facts

    def _skipped_attacks(self) -> Iterator[str]:
        if self._refusal and self._mutator.attacked:
            types = ", ".join(self._mutator.attacked)
            yield f"attacks on the protocol ({types}) are skipped: {self._refusal}"

    async def _run_in(
        self, store: RunFile, plan: Planned, judge: Judging, agent: Agent, models: LanguageModels
    ) -> Run:
        facts = Facts.of(store)
        tally = facts.tally()
        executor = self._executor(agent)
        parts = Parts(
            executor,
            judge,
            store,
            self._redact,
            tally,
            self._listeners,
            faults=self._disturbed_by,
            after_control=self._after_control,
            absolute=self._contract is not None and self._contract.is_alone,
            promised=facts.promised,
            idle=self._replays.why_idle if self._replays else lambda _, __: "",
            watched=self._watched,
            at_once=self._at_once,
        )
        done = sum(store.counts().values())
        self._tell(RunStarted(facts.info, done))
        engine = Engine(plan, parts)
        with stopping_on_signals(executor):
            # Whatever an earlier run left behind is no part of this one.
            await agent.reset()
            stopped = await engine.run()
            facts = self._concluded(facts, stopped, store.seconds(), models.notes())
            store.set_facts(facts.to_dict())
            reduced = facts if stopped else await self._shrunk(facts, tally, executor, engine)
            if reduced is not facts:
                facts = reduced
                store.set_facts(facts.to_dict())
        if self.cassette is not None:
            facts = replace(facts, info=self.cassette.noted(facts.info))
            store.set_facts(facts.to_dict())
        run = assemble(facts, tally, RunFile.reopened(store.path))
        self._tell(RunFinished(run))
        return run

    async def _shrunk(self, facts: Facts, tally: Tally, executor: LocalExecutor, engine: Engine) -> Facts:
        """The failures of this run reduced to minimal inputs, where they are wanted."""
        wanted = self._config.advanced.shrink_budget
        alone = self._contract is not None and self._contract.is_alone
        if alone or (wanted is None and self._wishes.only is not None):
            # Who runs a known failure again wants to know whether it is still there, and of a contract there
            # is no mutation to reduce.
            wanted = 0
        effort = effort_for(tally.totals.trials, wanted, self._config.agent.deterministic)
        groups = [group for group in tally.causes.groups() if group.can_shrink]
        # What fails although nothing is disturbed cannot be reduced to what disturbs it.
        if not effort.total or not groups or not tally.control.passed:
            return facts
        self._tell(Reducing(len(groups), effort.total))
        return await shrunk(facts, groups, Shrinker(executor, engine.deliberated, effort))

    def _executor(self, agent: Agent) -> LocalExecutor:
        settings = self._config.advanced
        until = None if settings.max_minutes is None else monotonic() + settings.max_minutes * 60
        # Where calls are seen, they are timed from when a trial is handed over, so it must not wait then.
        ahead = agent if isinstance(agent, OutsourcedAgent) and self._environment is None else None
        limits = Limits(
            concurrency=settings.concurrency,
            prefetch=ahead.most_ahead if ahead else 0,
            retries=settings.retries,
            deadline_s=self._config.agent.timeout / 1000
            + (self._isolation.allowance_s if self._isolation else 0),
            max_calls=settings.max_calls,
            until=until,
        )
        pace = Pace(
            settings.concurrency,
            settings.rate_per_s,
            lambda limit, wait: self._tell(Throttled(limit, wait, "the agent answered 429 or 503")),
            ahead.prefetch if ahead else lambda: 0,
        )

        prepare = self._isolation.prepare(agent) if self._isolation else nothing
        send = sender(agent, self._environment, self._traffic_of, prepare, self._watched)
        return LocalExecutor(send, limits, pace, settings.seed)

    def _concluded(self, facts: Facts, stopped: str, seconds: float, spent: list[str]) -> Facts:
        info = replace(
            facts.info,
            status="partial" if stopped else "complete",
            stop_reason=stopped,
            seconds=seconds,
            notes=tuple(dict.fromkeys((*facts.info.notes, *self._mutator.notes, *spent))),
        )
        return replace(facts, info=info, findings=(*facts.findings, *self._findings))

    def _on_finding(self, finding: Finding) -> None:
        clean = replace(finding, title=self._redact(finding.title), detail=self._redact(finding.detail))
        self._findings.append(clean)
        self._tell(FindingMade(clean))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
