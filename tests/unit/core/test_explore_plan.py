"""The plan of an exploration: what is tried where, in which order, and what follows from what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from flakestorm.core.explore_faults import applicable, scenario_of
from flakestorm.core.explore_plan import ExplorePlan
from flakestorm.model.errors import UsageError
from flakestorm.model.fault_point import FaultPoint, points_in
from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import Trial

PROMPTS = (GoldenPrompt(("One?",)), GoldenPrompt(("Two?",)))
URL = "http://127.0.0.1/v1/chat/completions"
ERRORS = frozenset({"server_error", "overloaded", "rate_limit", "reset"})


def llm(number: int, fired: tuple[str, ...] = (), **more: object) -> Call:
    """The n-th call of the model."""
    return Call("llm", "small", 10.0 * number, 5.0, 200, fired, method="POST", url=URL, **more)  # type: ignore[arg-type] # fields of Call


def tool(number: int, fired: tuple[str, ...] = ()) -> Call:
    """A call of the tool, after as many others."""
    return Call("tool", "shop", 10.0 * number, 5.0, None, fired, method="CALL", url="python:shop")


class Agent:
    """Asks the model, the tool, the model; repeats a failed call of the model ``retries`` times.

    ``weak`` are further points that it does not survive.
    """

    def __init__(self, retries: int = 1, weak: tuple[str, ...] = ()) -> None:
        self.retries = retries
        self.weak = weak

    def record(self, trial: Trial) -> TrialRecord:
        """What becomes of a trial."""
        points = points_in(trial.scenario)
        calls: list[Call] = []
        counts = {"llm": 0, "tool": 0}
        for kind in ("llm", "tool", "llm"):
            for attempt in range(self.retries + 1 if kind == "llm" else 1):
                counts[kind] += 1
                fired = tuple(
                    point.mode
                    for point in points
                    if point.position.kind == kind and point.position.number in (None, counts[kind])
                )
                make = llm if kind == "llm" else tool
                calls.append(make(len(calls), fired))
                if any(str(point) in self.weak for point in points if point.mode in fired):
                    return self.failed(trial, calls)
                if not ERRORS & set(fired):
                    break
                if kind == "tool" or attempt == self.retries:
                    return self.failed(trial, calls)
        status = TrialStatus.PASSED
        if points and not any(call.fired for call in calls):
            status = TrialStatus.INCONCLUSIVE
        return TrialRecord(trial, Outcome(60.0, reply="Yes.", calls=tuple(calls)), (), status)

    def failed(self, trial: Trial, calls: list[Call]) -> TrialRecord:
        """The agent gave up."""
        error = OutcomeError(ErrorKind.EXCEPTION, "RuntimeError: no answer")
        return TrialRecord(trial, Outcome(60.0, error=error, calls=tuple(calls)), (), TrialStatus.ERRORED)


def explore(
    agent: Agent,
    budget: int,
    observe_first: tuple[TrialRecord, ...] = (),
    shuffle: Random | None = None,
    notes: Callable[[str], None] = lambda _: None,
) -> list[TrialRecord]:
    """All records of an exploration in the order of the plan; ``shuffle`` changes the order of arrival."""
    plan = ExplorePlan(PROMPTS, budget, control_repeats=1, seed=3, note=notes)
    for record in observe_first:
        plan.observe(record)
    records = []
    for trials in rounds_of(plan):
        made = [agent.record(trial) for trial in trials]
        records += made
        if shuffle is not None:
            shuffle.shuffle(made)
        for record in made:
            plan.observe(record)
    assert list(plan.attacks()) == []
    assert len(records) <= plan.planned() == budget
    return records


def rounds_of(plan: ExplorePlan) -> Iterator[Iterator[Trial]]:
    """The control arm and the rounds after it."""
    yield plan.control()
    yield from plan.rounds()


def sets_of(records: list[TrialRecord]) -> list[tuple[FaultPoint, ...]]:
    """The faults of each trial that has some."""
    return [points for record in records if (points := points_in(record.trial.scenario))]


def test_every_fault_at_every_call() -> None:
    """Each applicable fault once at each call and at every call, with each golden prompt."""
    records = explore(Agent(), 2000)
    singles = {
        (points[0], r.trial.prompt) for r in records if len(points := points_in(r.trial.scenario)) == 1
    }
    for prompt in PROMPTS:
        for position, call, number in (
            ("llm small #1", llm(0), 1),
            ("llm small #2", llm(0), 2),
            ("tool shop #1", tool(1), 1),
        ):
            tried = {
                point.fault for point, own in singles if str(point.position) == position and own == prompt
            }
            assert tried == {fault.label for fault in applicable(call, number)}
        every = {point.fault for point, own in singles if point.position.number is None and own == prompt}
        assert {"server_error", "stale", "error", "overflow", "indirect_injection"} <= every
    assert len({record.trial.id for record in records}) == len(records)


def test_each_fault_is_tried_once_before_any_is_tried_again() -> None:
    """A small budget reaches all calls and families; the golden prompts take turns."""
    records = explore(Agent(), 60)
    points = [own[0] for own in sets_of(records) if len(own) == 1]
    assert len(set(points)) == len(points)
    assert {str(point.position) for point in points[:6]} == {
        "llm small #1",
        "llm small #2",
        "llm small, every call",
        "tool shop #1",
        "tool shop, every call",
    }
    assert {record.trial.prompt for record in records if record.trial.scenario != "no-chaos"} == set(PROMPTS)


def test_pairs_of_what_survived_alone() -> None:
    """Two errors in a row are more than one retry: found at the retry, which the control arm has not."""
    records = explore(Agent(retries=1), 1200)
    failing = {
        points
        for record in records
        if len(points := points_in(record.trial.scenario)) == 2 and record.outcome.error is not None
    }
    twice = points_in("llm small #1: server_error + llm small #2: server_error")
    assert twice in failing
    alone = {
        points[0]: record.outcome.error is None
        for record in records
        if len(points := points_in(record.trial.scenario)) == 1
    }
    for points in failing:
        # Where the call is made without the first fault too, its own fault was tried alone.
        assert all(alone.get(point, True) for point in points)
        assert {point.mode for point in points} <= ERRORS


def test_what_fails_alone_is_in_no_pair() -> None:
    """A pair with it would not be minimal."""
    records = explore(Agent(weak=("llm small #1: empty_choices",)), 1200)
    weak = points_in("llm small #1: empty_choices")[0]
    assert any(points == (weak,) for points in sets_of(records))
    assert not any(weak in points for points in sets_of(records) if len(points) == 2)


def test_failing_pairs_are_run_again() -> None:
    """Three trials of each say whether it is flaky."""
    records = explore(Agent(retries=1), 1200)
    pair = "llm small #1: server_error + llm small #2: server_error"
    assert sorted(r.trial.repeat for r in records if r.trial.scenario == pair) == [0, 1, 2]
    passed = [r for r in records if r.trial.repeat and r.outcome.error is None]
    assert not passed


def test_failing_faults_of_a_flaky_prompt_are_run_again() -> None:
    """What fails undisturbed at times proves little when it fails once."""
    flaky = PROMPTS[0]

    class Flaky(Agent):
        def record(self, trial: Trial) -> TrialRecord:
            if trial.is_control and trial.prompt == flaky:
                return self.failed(trial, [llm(0), tool(1), llm(2)])
            return super().record(trial)

    records = explore(Flaky(retries=0), 900)
    again = {record.trial.prompt for record in records if record.trial.repeat}
    singles = [r for r in records if r.trial.repeat and len(points_in(r.trial.scenario)) == 1]
    assert singles
    assert again >= {flaky}
    assert {record.trial.prompt for record in singles} == {flaky}


@pytest.mark.parametrize("budget", [50, 150, 700])
def test_the_order_of_arrival_changes_nothing(budget: int) -> None:
    """Whatever finishes first, the same trials follow."""
    once = [record.trial.id for record in explore(Agent(), budget)]
    again = [record.trial.id for record in explore(Agent(), budget, shuffle=Random(1))]
    assert once == again


@pytest.mark.parametrize("kept", [3, 90, 300])
def test_resuming_goes_on_as_if_nothing_had_happened(kept: int) -> None:
    """With the records of the first part known beforehand, the same trials are planned."""
    whole = explore(Agent(), 500)
    resumed = explore(Agent(), 500, observe_first=tuple(whole[:kept]))
    assert [r.trial.id for r in resumed] == [r.trial.id for r in whole]


def test_what_was_not_tried_is_told() -> None:
    """The budget is spent to the last trial, and the notes count what it did not reach."""
    notes: list[str] = []
    records = explore(Agent(), 100, notes=notes.append)
    assert len(records) == 100
    pairs, singles = notes
    assert "pairs of faults were not tried" in pairs
    assert "single faults were not tried" in singles
    generous: list[str] = []
    explore(Agent(retries=0, weak=("llm small #1: empty",)), 100_000, notes=generous.append)
    assert generous == []


def test_a_budget_that_ends_with_the_control_arm() -> None:
    """There is nothing to explore with."""
    with pytest.raises(UsageError, match=r"takes 6 \(2 × advanced.control_repeats 3\)"):
        ExplorePlan(PROMPTS, 6)


def test_scouts_run_alone_and_first() -> None:
    """Each model and tool is slowed down in a round of one trial, before many are run at once."""
    plan = ExplorePlan(PROMPTS, 100, control_repeats=1, scouting=True)
    rounds = []
    for trials in rounds_of(plan):
        made = [Agent().record(trial) for trial in trials]
        rounds.append([record.trial.scenario for record in made])
        for record in made:
            plan.observe(record)
    assert rounds[1:3] == [["tool shop #1: slow"], ["llm small #1: slow_first_token"]] or rounds[1:3] == [
        ["llm small #1: slow_first_token"],
        ["tool shop #1: slow"],
    ]
    assert len(rounds[3]) > 1
    everything = [name for names in rounds[1:] for name in names]
    assert everything.count("tool shop #1: slow") == 1


def test_an_agent_without_calls() -> None:
    """There is nowhere to put a fault."""

    class Silent(Agent):
        def record(self, trial: Trial) -> TrialRecord:
            return TrialRecord(trial, Outcome(1.0, reply="Hm."), (), TrialStatus.PASSED)

    assert [record.trial.scenario for record in explore(Silent(), 50)] == ["no-chaos"] * 2


def test_all_planned_scenarios_can_be_made() -> None:
    """Each name gives a scenario of that name that disturbs the named calls."""
    for points in set(sets_of(explore(Agent(), 800))):
        name = " + ".join(map(str, points))
        scenario = scenario_of(name, 10_000)
        assert scenario is not None
        assert scenario.name == name
        faults = [*scenario.llm_faults, *scenario.tool_faults, *scenario.context_attacks]
        assert len(faults) == len(points)
