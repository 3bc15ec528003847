"""Runs a plan: control arm, disturbed trials, attacks; each judged, stored, counted and announced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from flakestorm.core.executor import Executor
from flakestorm.core.plan import Planned
from flakestorm.core.sending import is_watched
from flakestorm.model.events import ControlFinished, Event, TrialFinished
from flakestorm.model.outcome import Outcome
from flakestorm.model.record import TrialRecord
from flakestorm.model.redaction import Redactor
from flakestorm.model.replay import session_of
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Verdict
from flakestorm.scoring.flakiness import always_failing, baseline_of
from flakestorm.scoring.status import conclude, set_aside
from flakestorm.scoring.tally import Tally
from flakestorm.store.run_file import RunFile
from flakestorm.store.writer import Writer

Listener = Callable[[Event], None]

NO_FAULTS: frozenset[str] = frozenset()


class Judging(Protocol):
    """What the engine needs of a judge; ``deliberates`` says that some verdicts have to be waited for."""

    @property
    def deliberates(self) -> bool:
        """True when ``deliberate`` is to be used."""
        ...

    def judge(
        self,
        trial: Trial,
        outcome: Outcome,
        baseline: str | None = None,
        faults: frozenset[Any] = NO_FAULTS,
    ) -> tuple[Verdict, ...]:
        """All verdicts on one outcome; ``faults`` says what the scenario disturbs."""
        ...

    async def deliberate(
        self,
        trial: Trial,
        outcome: Outcome,
        baseline: str | None = None,
        faults: frozenset[Any] = NO_FAULTS,
    ) -> tuple[Verdict, ...]:
        """The same, asking language models."""
        ...


@dataclass(frozen=True)
class Parts:
    """Everything that the engine puts to work."""

    executor: Executor
    judge: Judging
    store: RunFile
    redact: Redactor
    tally: Tally
    listeners: Sequence[Listener]
    faults: Callable[[str], frozenset[str]] = lambda _: NO_FAULTS
    """What the scenario of this name disturbs: any of llm, tool, context."""
    after_control: Callable[[], str] = lambda: ""
    """Asked when the control arm is done: why the run must end there, or an empty string."""
    absolute: bool = False
    """Rules count even where they fail undisturbed: a promise that is never kept is broken all the same."""
    promised: Container[str] = ()
    """The names of the rules of which alone this is so."""
    idle: Callable[[Trial, Outcome], str] = lambda _, __: ""
    """Why a replay proves nothing: what was recorded did not come into play. An empty string where it did."""
    watched: Callable[[Trial], bool] = is_watched
    """Whether the calls of a trial are watched."""
    at_once: Callable[[], int | None] = lambda: None
    """How many trials whose calls are watched may run at once, where that is less than otherwise."""


class Engine:
    """One execution of a plan. Trials that are stored already (``done``) are not run again."""

    def __init__(self, plan: Planned, parts: Parts) -> None:
        self._plan = plan
        self._parts = parts
        self._control: list[TrialRecord] = []
        self._baselines: dict[str, str] = {}
        self._broken: dict[str, frozenset[str]] = {}
        self._stored: Collection[str] = ()

    async def run(self) -> str:
        """Run what is left of the plan; returns why it stopped early, or an empty string.

        Raises ``StoreError`` when a record cannot be stored: the run then ends at once.
        """
        self.recall()
        writer = Writer(self._parts.store, self._announce, self._parts.store.seconds())
        try:
            stopped = await self._execute(self._plan.control(), writer)
            await writer.flush()
            self.learn_from_control()
            if not stopped:
                stopped = self._parts.after_control()
            if not stopped:
                stopped = await self._rounds(writer)
            if not stopped:
                # One at a time, and when nothing else is going on that an attack could disturb.
                stopped = await self._execute(self._plan.attacks(), writer, at_once=1)
        finally:
            await writer.aclose()
        return stopped

    async def _rounds(self, writer: Writer) -> str:
        """The disturbed trials; what came of one round may decide about the next, stored or not yet."""
        measured = len(self._control)
        for trials in self._plan.rounds():
            stopped = await self._execute(trials, writer)
            if stopped:
                return stopped
            if len(self._control) > measured:
                # Some plans have undisturbed rounds too: what follows is measured by all of them.
                measured = len(self._control)
                self._measure()
        return ""

    def recall(self) -> None:
        """Count what an earlier execution of this run stored."""
        self._stored = self._parts.store.finished()
        if self._stored:
            for record in self._parts.store.records():
                self._learn(record)
                self._parts.tally.add(record)

    async def _execute(self, trials: Iterator[Trial], writer: Writer, at_once: int | None = None) -> str:
        left: Iterator[Trial] = (trial for trial in trials if trial.id not in self._stored)
        first = next(left, None)
        if first is None:
            return ""
        if at_once is None and self._parts.watched(first):
            # The trials of a round are of one kind.
            at_once = self._parts.at_once()
        left = chain((first,), left)

        def keep(record: TrialRecord) -> None:
            self._learn(record)
            writer.put(record)

        async def wait(trial: Trial, outcome: Outcome) -> None:
            keep(await self.deliberated(trial, outcome))

        def report(trial: Trial, outcome: Outcome) -> Awaitable[None] | None:
            if writer.error is not None:
                raise writer.error
            if self._parts.judge.deliberates:
                return wait(trial, outcome)
            keep(self.judged(trial, outcome))
            return None

        return await self._parts.executor.execute(left, report, at_once)

    def judged(self, trial: Trial, outcome: Outcome) -> TrialRecord:
        """The record of a finished trial: what it is, by everything that is known of its golden prompt."""
        baseline = self._baselines.get(trial.prompt.id)
        faults = self._parts.faults(trial.scenario)
        return self._record(trial, outcome, self._parts.judge.judge(trial, outcome, baseline, faults))

    async def deliberated(self, trial: Trial, outcome: Outcome) -> TrialRecord:
        """The same, with the verdicts of rules that ask a language model."""
        baseline = self._baselines.get(trial.prompt.id)
        faults = self._parts.faults(trial.scenario)
        verdicts = await self._parts.judge.deliberate(trial, outcome, baseline, faults)
        return self._record(trial, outcome, verdicts)

    def _record(self, trial: Trial, outcome: Outcome, verdicts: tuple[Verdict, ...]) -> TrialRecord:
        broken = self._broken.get(trial.prompt.id)
        if broken and session_of(trial.scenario) is None:
            verdicts = set_aside(verdicts, broken)
        status, note = conclude(trial, outcome, verdicts, self._parts.idle(trial, outcome))
        return self._parts.redact.record(TrialRecord(trial, outcome, verdicts, status, note))

    def _announce(self, records: Sequence[TrialRecord]) -> None:
        for record in records:
            self._parts.tally.add(record)
            self._tell(TrialFinished(record))

    def _learn(self, record: TrialRecord) -> None:
        """Let it decide about what follows, which need not wait until it is durable, unlike the counts."""
        self._plan.observe(record)
        if record.trial.is_control:
            self._control.append(record)

    def learn_from_control(self) -> None:
        """Take the control arm as the measure of what follows."""
        self._measure()
        totals = self._parts.tally.control
        self._tell(ControlFinished(totals.trials, totals.passed))

    def _measure(self) -> None:
        self._baselines = baseline_of(self._control)
        self._broken = {} if self._parts.absolute else always_failing(self._control, self._parts.promised)
        self._parts.tally.set_broken(self._broken)

    def _tell(self, event: Event) -> None:
        for listener in self._parts.listeners:
            listener(event)
