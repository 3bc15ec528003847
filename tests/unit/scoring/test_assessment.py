"""The sentence and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flakestorm.model.record import TrialRecord
from flakestorm.model.run import FaultCount, ScenarioRow, Score, Scores, Totals
from flakestorm.model.verdict import Severity
from flakestorm.scoring.assessment import Demands, assess
from flakestorm.scoring.causes import CauseTally

SCORE = Score(0.83, 0.78, 0.87, 412)
SCORES = Scores(robustness=SCORE, overall=SCORE)
TOTALS = Totals(trials=440, passed=342, failed=92, errored=6)


def test_the_sentence_states_rate_interval_and_what_is_missing() -> None:
    """The verdict is a sentence with its uncertainty."""
    said = assess(SCORES, TOTALS, (), Demands())
    assert said.headline == (
        "Keeps its rules in 83% of disturbed requests (95 % interval 78%–87%, 412 judged; "
        "6 errored, 0 inconclusive)."
    )
    assert said.exit_code == 0


@pytest.mark.parametrize(("threshold", "code"), [(0.8, 0), (0.84, 1), (0.95, 1)])
def test_a_score_below_the_threshold_falls_short(threshold: float, code: int) -> None:
    """Exit code 1, and the sentence says when the interval still reaches the threshold."""
    said = assess(SCORES, TOTALS, (), Demands(min_score=threshold))
    assert said.exit_code == code
    if code:
        assert ("but the interval reaches it" in said.reasons[0]) is (threshold == 0.84)


def test_too_many_trials_without_verdict_fail_the_run() -> None:
    """The error budget: exit code 3, unless a shortfall was found, which stays found."""
    totals = Totals(trials=100, passed=80, errored=20)
    assert assess(SCORES, totals, (), Demands()).exit_code == 3
    assert assess(SCORES, totals, (), Demands(error_budget=0.2)).exit_code == 0
    assert assess(SCORES, totals, (), Demands(min_score=0.9)).exit_code == 1


def test_nothing_judged_is_inconclusive_or_worse() -> None:
    """Exit code 4 without a verdict, 3 when errors are why."""
    skipped = assess(Scores(), Totals(trials=3, skipped=3), (), Demands())
    assert skipped.exit_code == 4
    assert "3 trials were skipped" in skipped.reasons[-1]
    assert "- type: completes" in skipped.reasons[-1]
    assert assess(Scores(), Totals(trials=3, errored=3), (), Demands()).exit_code == 3


def test_interrupted_outranks_everything() -> None:
    """Exit code 130, and the way to go on."""
    said = assess(SCORES, TOTALS, (), Demands(min_score=0.99), interrupted=True)
    assert said.exit_code == 130
    assert "--resume" in said.reasons[-1]


def test_a_broken_critical_invariant_falls_short(make_record: Callable[..., TrialRecord]) -> None:
    """Even where no score is demanded."""
    causes = CauseTally()
    causes.add(make_record(status="failed", rule="canary", severity=Severity.CRITICAL))
    said = assess(SCORES, TOTALS, causes.causes(), Demands())
    assert said.exit_code == 1
    assert "critical" in said.reasons[0]


@pytest.mark.parametrize(("threshold", "code"), [(None, 4), (0.8, 4), (0.9, 1)])
def test_a_partial_run_is_never_good(threshold: float | None, code: int) -> None:
    """What was not run could still fail: exit code 4, the first word says it, and a shortfall stays one."""
    said = assess(SCORES, TOTALS, (), Demands(min_score=threshold), partial="40 of 357 trials")
    assert said.exit_code == code
    assert said.headline.startswith("Partial, 40 of 357 trials: keeps its rules in 83% of disturbed requests")
    assert "--resume" in said.reasons[-1]


def test_a_partial_run_that_was_interrupted_or_could_not_work() -> None:
    """Both codes say more than that it is partial."""
    errors = Totals(trials=100, passed=80, errored=20)
    assert assess(SCORES, errors, (), Demands(), partial="100 of 357 trials").exit_code == 3
    assert assess(SCORES, TOTALS, (), Demands(), interrupted=True, partial="1 of 2 trials").exit_code == 130


def test_a_partial_search_says_so_first() -> None:
    """The same for a run that counts failures."""
    said = assess(Scores(), TOTALS, (), Demands(), search=True, partial="440 of 500 trials")
    assert said.headline.startswith("Partial, 440 of 500 trials: found 0 distinct failures")
    assert said.exit_code == 4


FAULTS = Score(0.64, 0.5, 0.76, 40)


def test_the_sentence_has_both_arms() -> None:
    """Disturbed requests and trials under faults each have their rate with its interval."""
    both = Scores(robustness=SCORE, chaos_resilience=FAULTS, overall=FAULTS)
    headline = assess(both, TOTALS, (), Demands()).headline
    assert headline.startswith(
        "Keeps its rules in 83% of disturbed requests (95 % interval 78%–87%, 412 judged;"
    )
    assert headline.endswith(" Of trials under faults it is 64% (95 % interval 50%–76%, 40 judged).")
    alone = assess(Scores(chaos_resilience=FAULTS, overall=FAULTS), TOTALS, (), Demands())
    assert alone.headline.startswith("Keeps its rules in 64% of trials under faults (95 % interval 50%–76%")
    assert alone.exit_code == 0


def test_overall_score_is_measured_against_the_demand() -> None:
    """With several pillars the threshold is for all of them together."""
    both = Scores(robustness=SCORE, chaos_resilience=FAULTS, overall=Score(0.7, 0.6, 0.8, 452))
    assert assess(both, TOTALS, (), Demands(min_score=0.69)).exit_code == 0
    assert assess(both, TOTALS, (), Demands(min_score=0.71)).exit_code == 1


def test_scenario_that_never_fires_is_inconclusive() -> None:
    """Exit code 4 by name, not an exhausted error budget; a shortfall that was found stays found."""
    totals = Totals(trials=60, passed=40, inconclusive=20)
    idle = ScenarioRow("calm", Totals(trials=20, inconclusive=20), None, unfired=20)
    said = assess(SCORES, totals, (), Demands(), scenarios=(idle,))
    assert said.exit_code == 4
    assert said.reasons[-1] == (
        "No fault of 'calm' fired in any of its 20 trials, so nothing is proved about it (no call that its "
        "faults are for passed through flakestorm)."
    )
    why = FaultCount("stream_cut", 40, 0, "the call does not ask for a stream")
    many = tuple(replace(idle, name=str(number), faults=(why,)) for number in range(7))
    said = assess(SCORES, totals, (), Demands(), scenarios=many)
    assert said.reasons[-2].endswith("(stream_cut: the call does not ask for a stream).")
    assert said.reasons[-1] == "The same holds for 2 more scenarios."
    assert assess(SCORES, totals, (), Demands(min_score=0.9), scenarios=(idle,)).exit_code == 1
    assert assess(SCORES, totals, (), Demands()).exit_code == 3


def test_chance_does_not_use_up_the_error_budget() -> None:
    """A fault that fires in every fourth trial leaves the others without verdict, as it should."""
    totals = Totals(trials=60, passed=45, inconclusive=15)
    rare = ScenarioRow("rare", Totals(trials=20, passed=5, inconclusive=15), SCORE, unfired=15)
    said = assess(SCORES, totals, (), Demands(), scenarios=(rare,))
    assert said.exit_code == 0
    assert len(said.reasons) == 1
