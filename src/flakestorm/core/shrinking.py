"""Reduces the failures of a run to minimal inputs, each step confirmed against the real agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from flakestorm.core.executor import Executor
from flakestorm.model.minimal import Minimal
from flakestorm.model.mutation import Edit, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import VerdictStatus
from flakestorm.mutations.reduction import Answer, Reduced, Reduction
from flakestorm.scoring.causes import Group, explains, failures
from flakestorm.scoring.guilty import guilty_clause

LEAST = 4
"""Fewer calls are not worth a beginning: see it again, see it undisturbed, reduce it once, confirm it."""
ATTEMPTS = 3
"""A failure that does not come back in so many calls is flaky, and there is nothing to reduce."""

Judged = Callable[[Trial, Outcome], Awaitable[TrialRecord]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How many calls may be spent: on one failure, on all, and on confirming the minimum found."""

    per_failure: int = 40
    total: int = 400
    confirmations: int = 3


@dataclass
class _Task:
    """One failure being reduced: a dialogue that yields trials and is sent their records."""

    group: Group
    dialogue: Generator[Trial, TrialRecord, Minimal]
    trial: Trial | None = None
    minimal: Minimal | None = None

    def advance(self, record: TrialRecord | None) -> None:
        """Give the answer to the last trial (None at the beginning), and get the next one."""
        try:
            self.trial = next(self.dialogue) if record is None else self.dialogue.send(record)
        except StopIteration as end:
            self.trial, self.minimal = None, end.value


class Shrinker:
    """Reduces groups of failures. The same agent gives the same result at any concurrency.

    ``judged`` makes the record of an outcome. ``calls`` is how many were spent so far. What was
    interrupted (a budget, a signal) is left out of the result.
    """

    def __init__(self, executor: Executor, judged: Judged, effort: Effort) -> None:
        self._executor = executor
        self._judged = judged
        self._effort = effort
        self.calls = 0
        self.stopped = ""

    async def reduce(self, groups: Sequence[Group], known: Iterable[Minimal] = ()) -> tuple[Minimal, ...]:
        """The minimal inputs of ``groups``, as many as the effort allows; the worst ones first.

        Groups whose reason is among the ``known`` minimal inputs, or becomes known, are left out.
        """
        found = list(known)
        before = len(found)
        left = [group for group in _in_turn(groups) if group.can_shrink]
        while left and not self.stopped:
            wave, left = self._wave(
                [group for group in left if not any(explains(minimal, group) for minimal in found)]
            )
            if not wave:
                break
            await self._run(wave)
            found += [task.minimal for task in wave if task.minimal is not None]
        return tuple(found[before:])

    def _wave(self, groups: list[Group]) -> tuple[list[_Task], list[Group]]:
        """As many as the rest of the effort allows, each with its share fixed before it begins.

        One of each rule and mutation type at a time: what it explains need not be reduced.
        """
        tasks: list[_Task] = []
        calls, rest, kinds = self._effort.total - self.calls, [], set()
        for group in groups:
            limit = min(calls, self._effort.per_failure)
            if limit < LEAST or (group.rule, group.type) in kinds:
                rest.append(group)
                continue
            kinds.add((group.rule, group.type))
            calls -= limit
            tasks.append(_Task(group, _dialogue(group, limit, self._effort.confirmations)))
        return tasks, rest

    async def _run(self, tasks: Sequence[_Task]) -> None:
        """In step: one trial of each task, then the next of each."""
        for task in tasks:
            task.advance(None)
        while active := [task for task in tasks if task.trial is not None]:
            records: dict[str, TrialRecord] = {}

            async def report(trial: Trial, outcome: Outcome, into: dict[str, TrialRecord] = records) -> None:
                into[trial.id] = await self._judged(trial, outcome)

            # Two tasks may ask for the same trial; it is sent once.
            asked = {task.trial.id: task.trial for task in active if task.trial is not None}
            self.stopped = await self._executor.execute(iter(asked.values()), report)
            self.calls += len(records)
            if self.stopped:
                return
            for task in active:
                if task.trial is not None:
                    task.advance(records[task.trial.id])


def _in_turn(groups: Sequence[Group]) -> list[Group]:
    """The first of each rule and mutation type, then the second of each: what differs most comes first."""
    seen: dict[tuple[str, str], int] = {}
    places = []
    for place, group in enumerate(groups):
        turn = seen[group.rule, group.type] = seen.get((group.rule, group.type), -1) + 1
        places.append((group.severity.rank, turn, place))
    return [groups[place] for _, _, place in sorted(places)]


def _dialogue(group: Group, limit: int, confirmations: int) -> Generator[Trial, TrialRecord, Minimal]:
    """See the failure again, reduce it, confirm what is left; at most ``limit`` trials."""
    probe = _Probe(group, limit - confirmations)
    original = group.example.trial
    record = yield original
    tries, calls = 1, 1
    while probe.answer(record) is not Answer.FAILS:
        if tries == min(ATTEMPTS, limit):
            return probe.minimal(group.example, calls, tries, 0)
        record = yield replace(original, id=f"{original.id}.{tries}")
        tries, calls = tries + 1, calls + 1
    calls += yield from probe.reduce(record, calls)
    failed, tries = 0, min(confirmations, limit - calls)
    for number in range(tries):
        record = yield probe.trial(probe.best, 1 + number)
        if probe.answer(record) is Answer.FAILS:
            failed += 1
            probe.record = record
    return probe.minimal(probe.record, calls + tries, tries, failed)


@dataclass
class _Probe:
    """One failure, and what is needed to ask for smaller forms of it and to understand the answers."""

    group: Group
    limit: int
    best: Reduced = field(init=False)
    record: TrialRecord = field(init=False)

    def __post_init__(self) -> None:
        trial = self.group.example.trial
        assert trial.mutation is not None  # noqa: S101 - only such groups can be shrunk; for the type checker
        self._mutation: Mutation = trial.mutation
        self._reduction = Reduction(trial.prompt, trial.mutation)
        self.best = self._reduction.best
        self.record = self.group.example

    def reduce(self, failing: TrialRecord, spent: int) -> Generator[Trial, TrialRecord, int]:
        """Send what the reduction asks for, within the limit; returns how many trials that took."""
        known: dict[tuple[str, ...], Answer] = {self.best.turns: Answer.FAILS}
        failed = {self.best.turns: failing}
        steps, calls = self._reduction.steps(), 0
        try:
            wanted = next(steps)
            while True:
                answer = known.get(wanted.turns)
                if answer is None:
                    if spent + calls >= self.limit:
                        break
                    record = yield self.trial(wanted)
                    calls += 1
                    answer = known[wanted.turns] = self.answer(record)
                    if answer is Answer.FAILS:
                        failed[wanted.turns] = record
                wanted = steps.send(answer)
        except StopIteration:
            pass
        self.best = self._reduction.best
        self.record = failed[self.best.turns]
        return calls

    def trial(self, wanted: Reduced, repeat: int = 0) -> Trial:
        """The trial that sends ``wanted`` and is judged as the failing one was."""
        prompt = self.group.example.trial.prompt
        edits = wanted.edits
        if wanted.before != prompt.text:
            edits = (Edit(0, len(prompt.text), wanted.text),)
        return Trial.of(prompt, replace(self._mutation, turns=wanted.turns, edits=edits), repeat=repeat)

    def answer(self, record: TrialRecord) -> Answer:
        """Whether the same rule is broken again."""
        rule = self.group.rule
        if any(rule == broken for broken, _ in failures(record)):
            return Answer.FAILS
        if rule.startswith("error: "):
            return Answer.PASSES if record.outcome.error is None else Answer.UNCLEAR
        held = any(v.invariant == rule and v.status is VerdictStatus.PASSED for v in record.verdicts)
        return Answer.PASSES if held else Answer.UNCLEAR

    def minimal(self, record: TrialRecord, calls: int, tries: int, failed: int) -> Minimal:
        """What is known now, with ``record`` as the evidence."""
        best = self.best
        named = failed == tries > 0 and not self.group.is_obedience
        return Minimal(
            rule=self.group.rule,
            operator=self.group.operator,
            trial=self.group.example.trial.id,
            # Whatever its repeat number was: this is the trial that can be run again by its id.
            record=replace(record, trial=self.trial(best)),
            before=best.before,
            edits=best.edits,
            clause=guilty_clause(best.before, best.edits, best.length) if named else "",
            calls=calls,
            tries=tries,
            failed=failed,
            length=best.length,
        )
