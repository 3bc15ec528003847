"""The sentence and the exit code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Score, Scores, Totals
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
