"""Findings of many trials: one for each kind and scenario, with its clearest trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from flakestorm.model.finding import Finding
from flakestorm.model.outcome import Call
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import NO_CHAOS
from flakestorm.model.verdict import Severity
from flakestorm.scoring.behaviour.catalogue import BEHAVIOURS
from flakestorm.scoring.behaviour.tally import KEPT_CALLS, KEPT_RECEIVED, KEPT_TRIALS, BehaviourTally

MakeTrial = Callable[..., TrialRecord]


def storm(length: int) -> tuple[Call, ...]:
    """``length`` hasty calls that fail."""
    return tuple(
        Call("llm", "gpt", 20.0 * n, 10.0, 503, ("server_error",), sent="a", received="x" * 500)
        for n in range(length)
    )


def test_trials_are_gathered_by_kind_and_scenario(make_trial: MakeTrial) -> None:
    """Counts of all, the clearest first, its calls as evidence; another scenario is another finding."""
    trials = [make_trial(*storm(length), repeat=length) for length in (8, 12, 9)]
    trials.append(make_trial(*storm(8), scenario="other"))
    trials.append(make_trial(*storm(2), repeat=99))
    trials.append(make_trial(repeat=98))
    tally = BehaviourTally()
    for trial in trials:
        tally.add(trial)
    first, second = tally.findings()
    assert first.title == "Repeats a failed request in a storm under 'storm' (3 of 4 trials)"
    assert (first.kind, first.scenario, first.count) == ("retry_storm", "storm", 3)
    assert first.detail.startswith("The model 'gpt' was asked the same 11 more times")
    assert first.trials == (trials[1].trial.id, trials[2].trial.id, trials[0].trial.id)
    assert len(first.calls) == 12
    assert {len(call.received) for call in first.calls} == {KEPT_RECEIVED}
    assert second.title == "Repeats a failed request in a storm under 'other' (1 of 1 trial)"


def test_order_of_arrival_does_not_matter(make_trial: MakeTrial) -> None:
    """Disturbed trials finish in any order, and the findings are the same."""
    trials = [make_trial(*storm(length), repeat=repeat) for repeat, length in enumerate((8, 9, 9, 8))]
    results = set()
    for order in permutations(trials):
        tally = BehaviourTally()
        for trial in order:
            tally.add(trial)
        results.add(tally.findings())
    assert len(results) == 1


def test_memory_is_bounded(make_trial: MakeTrial) -> None:
    """Many trials with many calls: so many ids and calls are kept, and all are counted."""
    tally = BehaviourTally()
    for repeat in range(KEPT_TRIALS + 20):
        tally.add(make_trial(*storm(KEPT_CALLS + 10), repeat=repeat))
    (finding,) = tally.findings()
    assert finding.count == KEPT_TRIALS + 20
    assert len(finding.trials) == KEPT_TRIALS
    assert len(finding.calls) == KEPT_CALLS


def test_control_arm_is_the_measure_of_its_own_prompt(make_trial: MakeTrial) -> None:
    """What one golden prompt always says is news from another."""
    reply = "insufficient_quota"
    failed = replace(storm(1)[0], received='{"error": {"code": "insufficient_quota"}}')
    tally = BehaviourTally()
    tally.add(make_trial(Call("llm", "gpt", 0.0, 1.0, 200), scenario=NO_CHAOS, reply=reply))
    tally.add(make_trial(failed, reply=reply))
    assert tally.findings() == ()
    tally.add(make_trial(failed, reply=reply, prompt=GoldenPrompt(("Another one",))))
    (finding,) = tally.findings()
    assert finding.kind == "leak"


def test_undisturbed_storm_has_no_scenario_in_its_title(make_trial: MakeTrial) -> None:
    """A provider that fails by itself shows the same behaviour."""
    tally = BehaviourTally()
    tally.add(make_trial(*(replace(call, fired=()) for call in storm(8)), scenario=NO_CHAOS))
    (finding,) = tally.findings()
    assert finding.title == "Repeats a failed request in a storm (1 of 1 trial)"


def test_worst_case_decides_about_the_severity(make_trial: MakeTrial) -> None:
    """A leaked secret among leaked errors makes the finding critical."""
    failed = replace(storm(1)[0], received='{"error": {"code": "insufficient_quota"}}')
    tally = BehaviourTally()
    tally.add(make_trial(failed, reply="insufficient_quota"))
    tally.add(make_trial(failed, reply="key [redacted]••••", repeat=1))
    (finding,) = tally.findings()
    assert (finding.severity, finding.count) == (Severity.CRITICAL, 2)
    assert "secret" in finding.detail


def test_finding_comes_back_from_its_dictionary(make_trial: MakeTrial) -> None:
    """With its calls; and a finding from before there were calls is read as one without."""
    tally = BehaviourTally()
    tally.add(make_trial(*storm(8)))
    (finding,) = tally.findings()
    assert Finding.from_dict(finding.to_dict()) == finding
    old = {"kind": "flaky", "severity": "low", "title": "t", "detail": "", "trials": []}
    assert Finding.from_dict(old) == Finding("flaky", Severity.LOW, "t")


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.kind)
def test_nothing_is_wrong_with_an_undisturbed_trial(behaviour: object, make_trial: MakeTrial) -> None:
    """No detector raises an alarm, or an exception, about ordinary calls or about none."""
    from flakestorm.scoring.behaviour.case import Case
    from flakestorm.scoring.behaviour.control import ControlArm

    ordinary = (Call("llm", "gpt", 0.0, 10.0, 200, sent="a"), Call("tool", "t", 10.0, 5.0, None))
    for trial in (make_trial(*ordinary), make_trial(), make_trial(error="died", status="errored")):
        assert behaviour.find(Case(trial, ControlArm())) is None  # type: ignore[attr-defined] # a Behaviour
