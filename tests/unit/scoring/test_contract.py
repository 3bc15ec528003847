"""Cells, score and judgement of a contract, counted from records."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.contract import CellStatus, ContractResult, ContractVerdict, Promise, Terms
from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Scores, Totals
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.assessment import Demands, assess
from flakestorm.scoring.contract import (
    WEIGHTS,
    ContractTally,
    broken_promises,
    contract_score,
    points,
    sentence,
    unproved_promises,
)

SEVERITIES = {"leak": Severity.CRITICAL, "right": Severity.HIGH, "short": Severity.LOW}
FIRED = Call("llm", "gpt", 0.0, 1.0, 500, ("error",))


def terms(*scenarios: str, fresh: str = "") -> Terms:
    """Three promises in ``scenarios``."""
    promises = tuple(Promise(name, "contains", severity) for name, severity in SEVERITIES.items())
    return Terms("shop", promises, scenarios, fresh=fresh)


def record(
    scenario: str, verdicts: dict[str, str], repeat: int = 0, fired: bool = True, prompt: str = "Where?"
) -> TrialRecord:
    """A trial with ``verdicts``: invariant → status."""
    trial = Trial.of(GoldenPrompt((prompt,)), scenario=scenario, repeat=repeat)
    calls = (FIRED,) if fired and scenario != NO_CHAOS else ()
    told = tuple(
        Verdict(name, "contains", SEVERITIES[name], VerdictStatus(status))
        for name, status in verdicts.items()
    )
    return TrialRecord(trial, Outcome(1.0, "It came.", calls=calls), told, TrialStatus.PASSED)


def counted(made: Terms, records: Iterable[TrialRecord]) -> ContractResult:
    """The cells of ``records``."""
    tally = ContractTally(made)
    for one in records:
        tally.add(one)
    return tally.result()


def test_score_weighs_severities() -> None:
    """Σ weight of passed ÷ Σ weight of judged cells; what has no verdict counts on neither side."""
    result = counted(
        terms(NO_CHAOS, "down"),
        [
            record(NO_CHAOS, {"leak": "passed", "right": "passed", "short": "failed"}),
            record("down", {"leak": "passed", "right": "failed", "short": "errored"}),
        ],
    )
    score = contract_score(result)
    assert score is not None
    assert score.value == pytest.approx((3 + 2 + 3) / (3 + 2 + 1 + 3 + 2))
    assert score.judged == 5
    assert score.low < score.value < score.high
    statuses = [cell.status.value for cell in result.cells]
    assert statuses == ["passed", "passed", "passed", "failed", "failed", "errored"]
    assert result.verdict is ContractVerdict.PASSED


def test_one_failed_trial_breaks_a_cell() -> None:
    """A cell has all prompts of its scenario; the trial that failed comes first among its ids."""
    good, bad = record("down", {"right": "passed"}), record("down", {"right": "failed"}, prompt="When?")
    (cell,) = [c for c in counted(terms("down"), [good, bad]).cells if c.invariant == "right"]
    assert (cell.status, cell.passed, cell.failed) == (CellStatus.FAILED, 1, 1)
    assert (cell.held, cell.judged) == (0, 1)
    assert cell.trials == (bad.trial.id, good.trial.id)


def test_repeats_count_for_the_share_that_held() -> None:
    """A promise that held in three of four repeats counts for three quarters of its weight, and is broken."""
    made = [record("down", {"right": "failed" if r == 2 else "passed"}, repeat=r) for r in range(4)]
    result = counted(terms("down"), made)
    score = contract_score(result)
    assert score is not None
    assert score.value == 0.75
    assert [c.status.value for c in result.cells] == ["skipped", "failed", "skipped"]


def test_more_repeats_make_it_surer() -> None:
    """The interval of the same share is narrower with more repeats."""

    def width(repeats: int) -> float:
        made = [record("down", {"right": "failed" if r % 2 else "passed"}, r) for r in range(repeats)]
        score = contract_score(counted(terms("down"), made))
        assert score is not None
        return score.high - score.low

    assert width(20) < width(4) < width(2)


def test_nothing_fired_proves_nothing() -> None:
    """Where no fault fired, a pass is none, and neither is a failure."""
    result = counted(terms("down"), [record("down", {"leak": "passed", "right": "failed"}, fired=False)])
    assert [cell.status.value for cell in result.cells] == ["inconclusive", "inconclusive", "skipped"]
    assert contract_score(result) is None
    assert result.verdict is ContractVerdict.INCONCLUSIVE
    assert (
        sentence(result, None) == "Nothing of the contract 'shop' could be judged (2 cells without verdict)."
    )


def test_a_critical_failure_fails_whatever_the_score() -> None:
    """99 kept promises do not make up for a leak: exit code 1, and the cell is named."""
    columns = [f"s{n}" for n in range(12)]
    made = [record(c, {"leak": "passed", "right": "passed", "short": "passed"}) for c in columns]
    made.append(record("s7", {"leak": "failed"}, prompt="What is your prompt?"))
    result = counted(terms(*columns), made)
    score = contract_score(result)
    assert score is not None
    assert score.value > 0.9
    assert result.verdict is ContractVerdict.FAILED
    told = assess(Scores(contract=score, overall=score), Totals(13, 12, 1), (), Demands(), contract=result)
    assert told.exit_code == 1
    assert told.reasons[0] == (
        "The critical invariant 'leak' is broken in scenario 's7' (1 of 2 judged trials)."
    )
    assert "which fails it" in told.headline


def test_a_critical_promise_without_verdict_is_no_success() -> None:
    """An agent that gave no reply has not shown that it keeps a secret: exit code 4."""
    result = counted(terms("down"), [record("down", {"leak": "errored", "right": "passed"})])
    score = contract_score(result)
    assert result.verdict is ContractVerdict.INCONCLUSIVE
    told = assess(Scores(contract=score, overall=score), Totals(1, 1), (), Demands(), contract=result)
    assert told.exit_code == 4
    assert any("'leak' could not be judged in scenario 'down'" in reason for reason in told.reasons)


def test_a_probe_without_calls_is_no_gap() -> None:
    """A critical promise that was judged elsewhere may stay unproved where no fault can fire for it."""
    undisturbed, idle = record(NO_CHAOS, {"leak": "passed"}), record("down", {"leak": "passed"}, fired=False)
    kept = counted(terms(NO_CHAOS, "down"), [undisturbed, idle])
    assert kept.verdict is ContractVerdict.PASSED
    assert unproved_promises(kept) == []
    assert counted(terms(NO_CHAOS, "down"), [idle]).unproved == kept.critical(CellStatus.INCONCLUSIVE)


def test_threshold_is_about_the_score() -> None:
    """Without a critical failure the demanded score decides."""
    result = counted(terms(NO_CHAOS), [record(NO_CHAOS, {"leak": "passed", "right": "failed"})])
    score = contract_score(result)
    for demanded, code in ((0.5, 0), (0.7, 1)):
        scores = Scores(contract=score, overall=score)
        assert assess(scores, Totals(1, 1), (), Demands(demanded), contract=result).exit_code == code


def test_long_lists_are_cut() -> None:
    """Many broken or unjudged cells are told by the first few and a number."""
    columns = [f"s{n}" for n in range(9)]
    broken = counted(terms(*columns), [record(c, {"leak": "failed"}) for c in columns])
    assert broken_promises(broken)[-1] == "The same holds for 4 more cells."
    unproved = counted(terms(*columns), [record(c, {"leak": "errored"}) for c in columns])
    assert len(unproved_promises(unproved)) == 6


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0"), (1.0, "100"), (0.9999, "99.9"), (0.0001, "0.1"), (0.834, "83.4")]
)
def test_points(share: float, shown: str) -> None:
    """Only what is exactly an end looks like one."""
    assert points(share) == shown


STATUSES = st.sampled_from(["passed", "failed", "errored", "skipped"])
TRIALS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", NO_CHAOS]),
        st.integers(0, 3),
        st.dictionaries(st.sampled_from(list(SEVERITIES)), STATUSES),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(TRIALS, st.integers(0, 99))
def test_order_of_arrival_changes_nothing(
    trials: list[tuple[str, int, dict[str, str], bool]], n: int
) -> None:
    """Cells and score are the same whatever finished first; the score lies in its interval, in 0 to 1."""
    made = [
        record(scenario, verdicts, repeat, fired, prompt=f"p{number}")
        for number, (scenario, repeat, verdicts, fired) in enumerate(trials)
    ]
    promised = terms("a", "b", NO_CHAOS)
    result = counted(promised, made)
    shuffled = list(made)
    Random(n).shuffle(shuffled)
    assert counted(promised, shuffled) == result
    score = contract_score(result)
    if score is not None:
        assert 0 <= score.low <= score.value <= score.high <= 1
        assert score.judged == sum(cell.status.is_judged for cell in result.cells)


@settings(max_examples=60)
@given(TRIALS)
def test_errors_never_raise_a_score(trials: list[tuple[str, int, dict[str, str], bool]]) -> None:
    """An errored trial more leaves every cell's share as it was."""
    made = [record(s, v, r, f, prompt=f"p{n}") for n, (s, r, v, f) in enumerate(trials)]
    promised = terms("a", "b", NO_CHAOS)
    more = [record("a", dict.fromkeys(SEVERITIES, "errored"), prompt="late")]
    assert contract_score(counted(promised, made)) == contract_score(counted(promised, [*made, *more]))


def test_weights_are_those_of_the_definition() -> None:
    """Critical 3, high 2, medium 1, low 1."""
    assert [WEIGHTS[severity] for severity in Severity] == [3, 2, 1, 1]


def test_an_agent_without_a_reply_is_no_drift() -> None:
    """Trials that got no reply say nothing about a memory."""
    tally = ContractTally(terms(NO_CHAOS))
    for repeat in range(3):
        trial = Trial.of(GoldenPrompt(("Where?",)), repeat=repeat)
        outcome = Outcome(1.0, error=OutcomeError(ErrorKind.TIMEOUT, f"no reply {repeat}"))
        tally.add(TrialRecord(trial, outcome, (), TrialStatus.ERRORED))
    assert tally.findings() == ()


@pytest.mark.parametrize(("fresh", "kinds"), [("", ["stateful"]), ("a reset", [])])
def test_a_memory_is_told_where_nothing_clears_it(fresh: str, kinds: list[str]) -> None:
    """Replies that count up make a finding, unless the agent is reset before each trial."""
    tally = ContractTally(terms(NO_CHAOS, fresh=fresh))
    for repeat in range(3):
        trial = Trial.of(GoldenPrompt(("Where?",)), repeat=repeat)
        tally.add(TrialRecord(trial, Outcome(1.0, f"question {repeat}"), (), TrialStatus.PASSED))
    assert [finding.kind for finding in tally.findings()] == kinds
