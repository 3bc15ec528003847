"""The judgement of a run of all pillars, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from flakestorm.model.ci import CiResult, CiTerms
from flakestorm.model.contract import ContractResult, Promise, Terms
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Assessment, Cause, Score, Scores
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity
from flakestorm.scoring.assessment import NOTHING_PROVED, UNDEMANDED
from flakestorm.scoring.ci import assess_ci, pillars_of
from flakestorm.scoring.overall import DEFAULT_WEIGHTS, with_overall

ALL = ("mutation", "chaos", "contract", "replay")


def score(value: float) -> Score:
    """A score with an interval of ± 0.05."""
    return Score(value, max(0.0, value - 0.05), min(1.0, value + 0.05), 20)


def cause(rule: str, severity: Severity, type_: str = "noise", count: int = 2) -> Cause:
    """A cause of some trials."""
    trial = Trial.of(GoldenPrompt(("Hello?",)))
    record = TrialRecord(trial, Outcome(1.0, reply="no"), (), TrialStatus.FAILED)
    return Cause(f"Breaks '{rule}'", rule, severity, type_, count, record, (trial.id,))


def judged(terms: CiTerms, scores: Scores, **more: Any) -> tuple[Assessment, CiResult]:
    """The assessment of a run with these scores, and its pillars."""
    scores = with_overall(scores)
    ci = CiResult(terms, pillars_of(terms, scores, DEFAULT_WEIGHTS))
    base = more.pop("base", Assessment(0, "Fine.", (UNDEMANDED,)))
    causes = more.pop("causes", ())
    return assess_ci(base, ci, scores, causes, more.pop("contract", None), **more), ci


def test_all_pillars_are_told_with_their_weights() -> None:
    """The headline has the total with its interval, and each of them."""
    found, ci = judged(CiTerms(ALL), Scores(score(0.9), score(0.8), score(1.0), score(0.5)))
    assert found.exit_code == 0
    assert found.headline == (
        "Scores 86% overall (95 % interval 81%–89%, 80 judged): mutation 90%, chaos 80%, contract 100%, "
        "replay 50%."
    )
    assert [round(pillar.weight, 2) for pillar in ci.pillars] == [0.2, 0.35, 0.35, 0.1]
    assert found.reasons == (UNDEMANDED,)


def test_what_is_not_there_weighs_nothing() -> None:
    """The others share its weight; it is skipped, not inconclusive."""
    found, ci = judged(CiTerms(("mutation", "contract")), Scores(robustness=score(1.0), contract=score(1.0)))
    assert [round(pillar.weight, 4) for pillar in ci.pillars] == [0.3636, 0.0, 0.6364, 0.0]
    assert [pillar.status for pillar in ci.pillars] == ["passed", "skipped", "passed", "skipped"]
    assert found.exit_code == 0


def test_weights_of_nothing_are_equal_ones() -> None:
    """As in the overall score itself."""
    scores = Scores(robustness=score(1.0), contract=score(1.0))
    rows = pillars_of(CiTerms(("mutation", "contract")), scores, {"mutation": 0, "contract": 0})
    assert [row.weight for row in rows] == [0.5, 0.0, 0.5, 0.0]


@pytest.mark.parametrize(("code", "expected"), [(0, 4), (1, 1), (3, 3), (4, 4), (130, 130)])
def test_a_pillar_without_a_verdict_never_ends_well(code: int, expected: int) -> None:
    """But it hides neither a shortfall, nor that the work could not be done, nor an interruption."""
    base = Assessment(code, "", (NOTHING_PROVED,))
    found, ci = judged(CiTerms(("mutation", "chaos")), Scores(robustness=score(1.0)), base=base)
    assert found.exit_code == expected
    assert ci.pillars[1].status == "inconclusive"
    assert found.reasons == ("The pillar chaos was to be measured, and nothing of it could be judged.",)


@pytest.mark.parametrize(
    ("least", "code", "doubt"), [(0.9, 0, ""), (0.92, 1, " (but the interval reaches it)"), (0.96, 1, "")]
)
def test_a_minimum(least: float, code: int, doubt: str) -> None:
    """What is below it falls short, and says whether that may be chance."""
    found, _ = judged(CiTerms(("mutation",), minima={"mutation": least}), Scores(robustness=score(0.9)))
    assert found.exit_code == code
    told = f"The pillar mutation scores 0.900, below the {least:.3f} asked for{doubt}."
    assert found.reasons == ((told,) if code else ())


def test_a_shortfall_outweighs_errors() -> None:
    """That too many trials have no verdict takes nothing back."""
    terms = CiTerms(("mutation",), minima={"mutation": 0.95})
    found, _ = judged(terms, Scores(robustness=score(0.9)), base=Assessment(3, "", ("errors",)))
    assert found.exit_code == 1
    assert found.reasons[-1] == "errors"


@pytest.mark.parametrize(
    ("fail_on", "severity", "code"),
    [
        (Severity.CRITICAL, Severity.CRITICAL, 1),
        (Severity.CRITICAL, Severity.HIGH, 0),
        (Severity.LOW, Severity.LOW, 1),
        (Severity.MEDIUM, Severity.HIGH, 1),
    ],
)
def test_the_least_severity(fail_on: Severity, severity: Severity, code: int) -> None:
    """Whatever is at least so severe fails the run, with its worst cause."""
    terms = CiTerms(("mutation",), fail_on=fail_on)
    causes = (cause("a", severity), cause("b", severity, count=1))
    found, _ = judged(terms, Scores(robustness=score(0.9)), causes=causes)
    assert found.exit_code == code
    if code:
        assert found.reasons[0] == f"A {severity} invariant is broken in 3 trials: Breaks 'a'."


def test_nothing_is_told_twice() -> None:
    """Critical cells and sessions have sentences of their own in what is judged of every run."""
    contract = ContractResult(Terms("c", (Promise("a", "contains", Severity.CRITICAL),), ("no-chaos",)), ())
    causes = (cause("a", Severity.CRITICAL), cause("x", Severity.CRITICAL, "replay: june"))
    terms = CiTerms(("contract",))
    found, _ = judged(
        terms,
        Scores(contract=score(0.9)),
        causes=causes,
        contract=contract,
        base=Assessment(1, "", ("The critical invariant 'a' is broken.",)),
    )
    assert found.reasons == ("The critical invariant 'a' is broken.",)


def test_a_part_of_a_run_says_so() -> None:
    """And so does one of which nothing could be judged."""
    found, _ = judged(CiTerms(("mutation",)), Scores(), partial="3 of 9 trials")
    assert found.headline == "Partial, 3 of 9 trials: nothing could be judged."


def test_what_is_stored_comes_back() -> None:
    """In the store and in the JSON report."""
    terms = CiTerms(("mutation", "chaos"), ("chaos",), {"chaos": 0.5}, Severity.HIGH)
    assert CiTerms.from_dict(terms.to_dict()) == terms
    _, ci = judged(terms, Scores(robustness=score(0.9)))
    assert CiResult.from_dict(ci.to_dict()) == ci
