"""Scenario rows, chaos resilience and the overall score."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Call, Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import DataUse, FaultCount, Score, Scores, Totals
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.scoring.intervals import wilson
from flakestorm.scoring.overall import with_overall
from flakestorm.scoring.tally import Tally

FIRED = Call("llm", "gpt", 0.0, 10.0, 429, ("rate_limit",), ("slow: probability 0.5, drawn 0.731",))
HELD = Call("llm", "gpt", 20.0, 10.0, 200, held=("rate_limit: it fired 1 times already",))
NOISE = Mutation("noise", "noise.op", ("x",), Kind.PRESERVES_MEANING, 0, 0.3, ())


def record(
    status: str,
    *calls: Call,
    prompt: str = "p",
    repeat: int = 0,
    scenario: str = "storm",
    mutation: Mutation | None = None,
    reply: str = "fine",
) -> TrialRecord:
    """A trial under a scenario."""
    trial = Trial.of(GoldenPrompt((prompt,)), mutation, scenario, repeat)
    return TrialRecord(trial, Outcome(50.0, reply, calls=calls), (), TrialStatus(status))


def counted(*records: TrialRecord) -> Tally:
    """A tally in which noise weighs double."""
    tally = Tally(lambda type_: 2.0 if type_ == "noise" else 1.0)
    for one in records:
        tally.add(one)
    return tally


def test_row_counts_trials_and_faults() -> None:
    """Matched is fired or held, call by call; trials in which nothing fired are apart."""
    tally = counted(
        record("passed", FIRED, HELD),
        record("failed", FIRED, repeat=1),
        record("inconclusive", HELD, repeat=2),
        record("inconclusive", repeat=3),
    )
    (row,) = tally.by_scenario()
    assert row.name == "storm"
    assert row.totals == Totals(4, passed=1, failed=1, inconclusive=2)
    assert row.unfired == 2
    assert row.faults == (
        FaultCount("rate_limit", 4, 2, "it fired 1 times already"),
        FaultCount("slow", 2, 0, "probability 0.5"),
    )
    assert (row.matched, row.fired) == (6, 2)
    assert row.rate is not None
    assert (row.rate.value, row.rate.judged) == (0.5, 2)
    assert row.data == DataUse()


def test_resilience_is_weighted_and_over_fired_trials() -> None:
    """As robustness: by the weight of the mutation, 1 without any; robustness does not see these trials."""
    tally = counted(
        record("passed", FIRED),
        record("failed", FIRED, mutation=NOISE),
        record("passed", FIRED, scenario="other", prompt="q"),
        record("inconclusive", HELD, repeat=7),
        record("passed", scenario=NO_CHAOS, mutation=NOISE),
        record("passed", FIRED, scenario=NO_CHAOS),
    )
    score = tally.chaos_resilience()
    assert score is not None
    assert (score.value, score.judged) == (0.5, 3)
    assert score.low < 0.5 < score.high
    robustness = tally.robustness()
    assert robustness is not None
    assert (robustness.value, robustness.judged) == (1.0, 1)
    assert [row.name for row in tally.by_scenario()] == ["storm", "other"]


def test_interval_is_clustered_by_golden_prompt() -> None:
    """Prompts that differ make the interval wider than that of as many independent trials."""
    records = [
        record("passed" if prompt < 3 else "failed", FIRED, prompt=str(prompt), repeat=repeat)
        for prompt in range(6)
        for repeat in range(20)
    ]
    score = counted(*records).chaos_resilience()
    low, high = wilson(60, 120)
    assert score is not None
    assert score.high - score.low > 2 * (high - low)


def test_damaged_data_is_counted() -> None:
    """Noticed and silent, by the words of the reply."""
    partial = Call("tool", "t", 0.0, 1.0, 200, ("partial",), received="{}")
    tally = counted(
        record("passed", partial, reply="The result is incomplete."),
        record("passed", partial, reply="All is well.", repeat=1),
    )
    assert tally.by_scenario()[0].data == DataUse(noticed=1, silent=1)


def test_without_scenarios_there_is_no_resilience() -> None:
    """A run that disturbs prompts alone has neither rows nor a score."""
    tally = counted(record("passed", scenario=NO_CHAOS, mutation=NOISE))
    assert tally.by_scenario() == ()
    assert tally.chaos_resilience() is None


def test_a_scenario_of_errors_has_no_rate_and_stands_last() -> None:
    """Nothing judged is no score of 0 or 1."""
    tally = counted(record("errored", FIRED, scenario="a"), record("failed", FIRED, scenario="b"))
    assert [(row.name, row.rate is None) for row in tally.by_scenario()] == [("b", False), ("a", True)]


ONE, HALF = Score(1.0, 0.8, 1.0, 10), Score(0.5, 0.3, 0.7, 30)


def test_overall_is_the_weighted_mean_of_what_was_measured() -> None:
    """Pillars that were not measured leave their weight to the others; the interval is the safe one."""
    scores = with_overall(Scores(robustness=ONE, chaos_resilience=HALF))
    assert scores.overall is not None
    assert scores.overall.value == pytest.approx((0.2 * 1 + 0.35 * 0.5) / 0.55)
    assert scores.overall.low == pytest.approx((0.2 * 0.8 + 0.35 * 0.3) / 0.55)
    assert scores.overall.high == pytest.approx((0.2 * 1 + 0.35 * 0.7) / 0.55)
    assert scores.overall.judged == 40


@pytest.mark.parametrize("pillar", ["robustness", "chaos_resilience", "contract", "replay"])
def test_one_pillar_is_the_overall_score(pillar: str) -> None:
    """Whichever it is, whatever its weight."""
    scores = replace(Scores(), **{pillar: HALF})
    assert with_overall(scores).overall == HALF
    assert with_overall(scores, {}).overall == HALF


def test_nothing_measured_has_no_overall_score() -> None:
    """No pillar, no score; pillars that all weigh nothing count the same."""
    assert with_overall(Scores()).overall is None
    equal = with_overall(Scores(robustness=ONE, replay=HALF), {}).overall
    assert equal is not None
    assert equal.value == pytest.approx(0.75)
