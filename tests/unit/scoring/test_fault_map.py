"""The map of the fault space: what each trial shows, and which sets of faults are minimal."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from flakestorm.model.fault_map import FaultMap, PointState
from flakestorm.model.fault_point import FaultPoint
from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.tally import Tally

PROMPT = GoldenPrompt(("When is it open?",), "opening")
OTHER = GoldenPrompt(("Where is it?",), "place")
SURVIVED, DEGRADED, FAILED, UNFIRED, UNJUDGED = (
    PointState.SURVIVED,
    PointState.DEGRADED,
    PointState.FAILED,
    PointState.UNFIRED,
    PointState.UNJUDGED,
)
ORDER = ["refused", "server_error", "overloaded", "empty"]


def describe(point: FaultPoint) -> tuple[int, str]:
    """A catalogue of four faults and two families."""
    return ORDER.index(point.fault), "meaning" if point.fault == "empty" else "status"


def call(place: int = 0, fired: tuple[str, ...] = (), ms: float = 10.0) -> Call:
    """A call of the model."""
    return Call("llm", "m", 100.0 * place, ms, 200, fired, sent=f"s{place}")


def record(
    scenario: str,
    status: TrialStatus,
    calls: Sequence[Call] = (),
    prompt: GoldenPrompt = PROMPT,
    repeat: int = 0,
    ms: float = 50.0,
) -> TrialRecord:
    """A trial of ``scenario`` that ended so."""
    trial = Trial.of(prompt, scenario=scenario, repeat=repeat)
    error = None
    verdicts: tuple[Verdict, ...] = ()
    if status is TrialStatus.FAILED:
        verdicts = (Verdict("says-ten", "contains", Severity.HIGH, VerdictStatus.FAILED, "no 'ten' in it"),)
    if status is TrialStatus.ERRORED:
        error = OutcomeError(ErrorKind.EXCEPTION, "KeyError: 'choices'")
    outcome = Outcome(ms, reply=None if error else "At ten.", error=error, calls=tuple(calls))
    return TrialRecord(trial, outcome, verdicts, status)


def control(prompt: GoldenPrompt = PROMPT) -> TrialRecord:
    """An undisturbed trial with one call."""
    return record(NO_CHAOS, TrialStatus.PASSED, [call()], prompt)


def drawn(*records: TrialRecord) -> FaultMap:
    """The map of these trials after one undisturbed trial of each golden prompt."""
    tally = Tally(lambda _: 1.0, describe)
    for one in (control(), control(OTHER), *records):
        tally.add(one)
    found = tally.fault_map()
    assert found is not None
    assert FaultMap.from_dict(found.to_dict()) == found
    assert tally.by_scenario() == ()
    return found


NAME = "llm m #1: server_error"
FIRED = call(0, ("server_error",))


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (record(NAME, TrialStatus.PASSED, [FIRED, call(1)]), SURVIVED),
        (record(NAME, TrialStatus.FAILED, [FIRED]), FAILED),
        (record(NAME, TrialStatus.ERRORED, [FIRED]), FAILED),
        (record(NAME, TrialStatus.INCONCLUSIVE, [call()]), UNFIRED),
        (record(NAME, TrialStatus.PASSED, [call(0, ("overloaded",))]), UNFIRED),
        (record(NAME, TrialStatus.INCONCLUSIVE, [FIRED]), UNJUDGED),
        (record(NAME, TrialStatus.INCONCLUSIVE), UNFIRED),
        (record(NAME, TrialStatus.PASSED, [FIRED, call(1), call(2)]), DEGRADED),
        (record(NAME, TrialStatus.PASSED, [FIRED, call(1)], ms=1200.0), DEGRADED),
        # What passes in the disturbed call is the fault's, not the agent's.
        (record(NAME, TrialStatus.PASSED, [call(0, ("server_error",), ms=1150.0)], ms=1200.0), SURVIVED),
    ],
)
def test_what_a_trial_shows(given: TrialRecord, state: PointState) -> None:
    """Failed, degraded, survived; or nothing, because nothing fired or nothing was judged."""
    (cell,) = drawn(given).cells
    assert cell.state is state
    assert (cell.call, cell.fault, cell.family) == ("llm m #1", "server_error", "status")
    assert cell.scenario == NAME
    assert getattr(cell, state.value) == 1
    assert cell.trials == (given.trial.id,)


def test_bad_behaviour_degrades() -> None:
    """Nine hasty repeats of the same request: a finding makes it worse than many calls alone would."""
    storm = [Call("llm", "m", 20.0 * n, 10.0, 500, ("server_error",), sent="s") for n in range(9)]
    found = drawn(record("llm m, every call: server_error", TrialStatus.PASSED, [*storm, call(3)]))
    (group,) = found.groups
    assert group.title == "Repeats a failed request in a storm"
    assert (group.state, group.severity, group.family) == (DEGRADED, Severity.HIGH, "llm status")
    assert group.scenarios == ("llm m, every call: server_error",)
    assert len(group.calls) == 10
    assert found.failing == ()


def test_a_failing_trial_tells_why() -> None:
    """The worst behaviour, or else the rule that broke."""
    crashed = drawn(record(NAME, TrialStatus.ERRORED, [FIRED])).failing[0]
    assert (crashed.title, crashed.severity) == ("Crashes when its environment fails", Severity.HIGH)
    wrong = drawn(record(NAME, TrialStatus.FAILED, [FIRED]))
    assert wrong.failing[0].title == "Breaks 'says-ten'"
    assert wrong.groups[0].detail == "No 'ten' in it"
    blind = drawn(record(NAME, TrialStatus.ERRORED)).failing[0]
    assert blind.title == "Gives no reply (exception)"


def test_a_cell_is_as_bad_as_its_worst_trial() -> None:
    """With two golden prompts; the failed trial comes first."""
    good = record(NAME, TrialStatus.PASSED, [FIRED], OTHER)
    bad = record(NAME, TrialStatus.FAILED, [FIRED])
    found = drawn(good, bad)
    (cell,) = found.cells
    assert (cell.state, cell.failed, cell.survived) == (FAILED, 1, 1)
    assert cell.trials == (bad.trial.id, good.trial.id)
    assert found.failing[0].prompts == ("opening",)
    assert found.count(FAILED) == 1


def test_every_call_is_not_minimal_where_one_is_enough() -> None:
    """But it is for a golden prompt with which one was tried and held."""
    one = "llm m #1: server_error"
    every = "llm m, every call: server_error"
    fails = [record(one, TrialStatus.FAILED, [FIRED]), record(every, TrialStatus.FAILED, [FIRED])]
    assert [own.points for own in drawn(*fails).failing] == [(one,)]
    elsewhere = record(every, TrialStatus.FAILED, [FIRED], OTHER)
    assert [own.points for own in drawn(*fails, elsewhere).failing] == [(one,)]
    held = record(one, TrialStatus.PASSED, [FIRED], OTHER)
    minimal = drawn(*fails, elsewhere, held).failing
    assert [(own.points, own.prompts) for own in minimal] == [((one,), ("opening",)), ((every,), ("place",))]


def test_pairs() -> None:
    """A pair is minimal unless one of the two fails alone; in a row they explain why every call fails."""
    pair = "llm m #1: server_error + llm m #2: server_error"
    every = "llm m, every call: server_error"
    both = [FIRED, call(1, ("server_error",))]
    trials = [
        record(NAME, TrialStatus.PASSED, [FIRED, call(1)]),
        record(pair, TrialStatus.FAILED, both),
        record(pair, TrialStatus.FAILED, both, repeat=1),
        record(pair, TrialStatus.PASSED, both, repeat=2),
        record(every, TrialStatus.FAILED, both),
    ]
    found = drawn(*trials)
    (failing,) = found.failing
    assert failing.points == tuple(pair.split(" + "))
    assert (failing.tries, failing.failed, failing.is_flaky) == (3, 2, True)
    assert (found.pairs, found.pairs_failed) == (1, 1)
    assert found.groups[0].family == "llm status, then llm status"
    alone = record("llm m #2: server_error", TrialStatus.FAILED, [call(), call(1, ("server_error",))])
    assert [own.points for own in drawn(*trials, alone).failing] == [("llm m #2: server_error",)]
    missed = record(pair, TrialStatus.PASSED, [FIRED])
    assert drawn(missed).pairs_failed == 0


def test_order_of_rows_and_of_arrival() -> None:
    """By kind, name and number, every call last; faults as in the catalogue; whatever came first."""
    names = [
        f"{position}: {fault}"
        for position in ("llm m #1", "llm m #2", "llm m #10", "llm m, every call", "tool a #1")
        for fault in ORDER
    ]
    records = [
        record(name, TrialStatus.FAILED, [call(0, (name.split(": ")[1],))], prompt, repeat)
        for name in names
        for prompt in (PROMPT, OTHER)
        for repeat in range(2)
    ]
    first = drawn(*records)
    assert [cell.scenario for cell in first.cells] == names
    shuffled = list(records)
    Random(4).shuffle(shuffled)
    assert drawn(*shuffled) == first


def test_other_runs_have_no_map() -> None:
    """Nor is a scenario of another kind part of one."""
    assert Tally(lambda _: 1.0).fault_map() is None
    assert drawn(record("api_outage", TrialStatus.FAILED, [FIRED])).cells == ()


def test_findings_and_causes_are_gathered_by_family() -> None:
    """Hundreds of scenarios do not make hundreds of findings."""
    tally = Tally(lambda _: 1.0, describe)
    tally.add(control())
    for fault in ("refused", "server_error"):
        tally.add(record(f"llm m #1: {fault}", TrialStatus.ERRORED, [call(0, (fault,))]))
    tally.add(record("llm m #1: empty", TrialStatus.FAILED, [call(0, ("empty",))]))
    tally.add(record("api_outage", TrialStatus.FAILED, [FIRED]))
    assert [(f.kind, f.scenario, f.count) for f in tally.findings()] == [("crash", "llm status faults", 2)]
    causes = {cause.type: cause.count for cause in tally.causes.causes()}
    assert causes == {"llm status faults": 2, "llm meaning faults": 1, "api_outage": 1}
