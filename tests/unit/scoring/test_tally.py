"""The numbers of a run, from hand-made records."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.verdict import Severity
from flakestorm.scoring.tally import Tally

MakeRecord = Callable[..., TrialRecord]


def weight(type_: str) -> float:
    """Prompt injection counts double."""
    return 2.0 if type_ == "prompt_injection" else 1.0


@pytest.fixture
def tally() -> Tally:
    """An empty tally."""
    return Tally(weight)


def test_score_is_the_weighted_share_of_judged_mutation_trials(tally: Tally, make_record: MakeRecord) -> None:
    """Control trials, errors and inconclusive trials do not touch it."""
    tally.add(make_record(type_=None, status="failed"))
    for text, type_, status in [
        ("a", "noise", "passed"),
        ("b", "noise", "failed"),
        ("c", "prompt_injection", "passed"),
        ("d", "prompt_injection", "errored"),
        ("e", "noise", "inconclusive"),
    ]:
        tally.add(make_record(text=text, type_=type_, status=status))
    score = tally.robustness()
    assert score is not None
    assert score.value == pytest.approx(3 / 4)
    assert score.judged == 3
    assert score.low < score.value < score.high
    assert tally.totals.trials == 6
    assert (tally.totals.passed, tally.totals.failed, tally.totals.errored) == (2, 2, 1)
    assert tally.totals.inconclusive == 1


def test_no_judged_trial_no_score(tally: Tally, make_record: MakeRecord) -> None:
    """An errored run has no score, not the score 0 or 1."""
    tally.add(make_record(status="errored"))
    assert tally.robustness() is None


def test_flakiness_is_kept_apart(tally: Tally, make_record: MakeRecord) -> None:
    """A prompt that fails every second time undisturbed explains half of its disturbed failures."""
    for repeat in range(4):
        tally.add(make_record(type_=None, repeat=repeat, status="failed" if repeat % 2 else "passed"))
    for index in range(10):
        tally.add(make_record(text=str(index), status="failed" if index < 8 else "passed"))
    (row,) = tally.by_prompt()
    assert row.flakiness == 0.5
    assert row.beyond_flakiness == pytest.approx(8 - 0.5 * 10)
    assert any(finding.kind == "flaky" for finding in tally.findings())


def test_rows_are_worst_first(tally: Tally, make_record: MakeRecord) -> None:
    """The weakest type comes first, types without verdicts last."""
    tally.add(make_record(text="a", type_="noise", status="passed"))
    tally.add(make_record(text="b", type_="paraphrase", status="failed"))
    tally.add(make_record(text="c", type_="custom", status="errored"))
    assert [row.type for row in tally.by_type()] == ["paraphrase", "noise", "custom"]


def test_causes_gather_by_rule_and_type_with_the_smallest_example(
    tally: Tally, make_record: MakeRecord
) -> None:
    """Critical comes first; of equals the shortest text is the example; errors are causes too."""
    tally.add(make_record(text="a long failing text", status="failed"))
    tally.add(make_record(text="short", status="failed"))
    tally.add(make_record(text="x", status="failed", rule="canary", severity=Severity.CRITICAL))
    tally.add(make_record(text="y", status="errored"))
    first, *others = tally.causes.causes()
    assert first.severity is Severity.CRITICAL
    assert first.title == "Obeys an injected instruction under noise"
    by_rule = {cause.rule: cause for cause in others}
    assert by_rule["contains"].count == 2
    assert by_rule["contains"].example.trial.turns == ("short",)
    assert by_rule["contains"].trials[0] == by_rule["contains"].example.trial.id
    assert by_rule["error: status 500"].title == "Gives no reply (status 500) under noise"


def test_latency_counts_replies_only(tally: Tally, make_record: MakeRecord) -> None:
    """Percentiles are nearest-rank, in milliseconds, control and disturbed apart."""
    for index in range(1, 101):
        tally.add(make_record(text=str(index), latency_ms=float(index)))
    tally.add(make_record(text="e", status="errored", latency_ms=9999))
    control, disturbed = tally.latencies()
    assert control is None
    assert disturbed is not None
    assert (disturbed.p50, disturbed.p95, disturbed.p99, disturbed.slowest) == (50, 95, 99, 100)
    assert disturbed.mean == pytest.approx(50.5)
    assert sum(count for _, count in disturbed.buckets) == 100


def test_order_does_not_matter(make_record: MakeRecord) -> None:
    """The same records in any order give the same numbers."""
    records = [
        make_record(prompt=f"p{i % 3}", text=str(i), status="failed" if i % 4 == 0 else "passed")
        for i in range(30)
    ]
    forwards, backwards = Tally(weight), Tally(weight)
    for record in records:
        forwards.add(record)
    for record in reversed(records):
        backwards.add(record)
    assert forwards.robustness() == backwards.robustness()
    assert forwards.by_prompt() == backwards.by_prompt()
    assert [c.example for c in forwards.causes.causes()] == [c.example for c in backwards.causes.causes()]


@pytest.mark.parametrize("status", [str(status) for status in TrialStatus])
def test_every_status_is_counted_once(tally: Tally, make_record: MakeRecord, status: str) -> None:
    """The totals add up."""
    tally.add(make_record(status=status))
    totals = tally.totals
    assert totals.trials == 1
    assert getattr(totals, status) == 1
    assert totals.passed + totals.failed + totals.errored + totals.inconclusive + totals.skipped == 1
