"""Intervals against published figures, scipy, and a simulation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from flakestorm.scoring.intervals import clustered, student_quantile, wilson


@pytest.mark.parametrize(
    ("passed", "judged", "low", "high"),
    [(0, 100, 0.0, 0.0370), (100, 100, 0.9630, 1.0), (95, 100, 0.8882, 0.9785)],
)
def test_wilson_gives_the_published_figures(passed: int, judged: int, low: float, high: float) -> None:
    """Worked examples of the definition."""
    assert wilson(passed, judged) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(case: tuple[int, int]) -> None:
    """An independent implementation gives the same interval."""
    expected = binomtest(*case).proportion_ci(method="wilson")
    assert wilson(*case) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_nothing_judged_says_nothing() -> None:
    """Without trials every rate is possible."""
    assert wilson(0, 0) == (0.0, 1.0)
    assert clustered([], [], 0) == (0.0, 1.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 100)), min_size=1, max_size=20))
@settings(deadline=None)
def test_clustered_contains_the_rate_and_stays_within_bounds(groups: list[tuple[float, float]]) -> None:
    """Whatever the groups are, the rate lies inside and the interval inside [0, 1]."""
    judged = [weight for _, weight in groups]
    passed = [share * weight for share, weight in groups]
    low, high = clustered(passed, judged, sum(judged))
    rate = sum(passed) / sum(judged)
    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 1


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 29, 1000])
def test_student_quantiles_agree_with_scipy(freedom: int) -> None:
    """Three digits are enough for an interval."""
    assert student_quantile(0.975, freedom) == pytest.approx(t.ppf(0.975, freedom), rel=3e-3)


def test_prompts_that_differ_widen_the_interval() -> None:
    """Ten prompts of which half always fail say less than a hundred independent trials."""
    low, high = clustered([10, 0] * 5, [10] * 10, 100)
    plain_low, plain_high = wilson(50, 100)
    assert low < plain_low - 0.1
    assert high > plain_high + 0.1


def test_perfect_results_keep_a_width() -> None:
    """100 of 100 is no proof of 100 %."""
    assert clustered([10] * 10, [10] * 10, 100) == pytest.approx((0.9630, 1.0), abs=5e-5)


@pytest.mark.parametrize("prompts", [3, 10, 40])
@pytest.mark.parametrize("spread", [5.0, 100.0])
def test_coverage_of_the_clustered_interval(prompts: int, spread: float) -> None:
    """95 % intervals hold the truth about as often, whether prompts differ a lot or hardly."""
    rng = random.Random(7)
    trials, truth, covered, runs = 10, 0.7, 0, 600
    for _ in range(runs):
        rates = [rng.betavariate(truth * spread, (1 - truth) * spread) for _ in range(prompts)]
        passed = [sum(rng.random() < rate for _ in range(trials)) for rate in rates]
        low, high = clustered(passed, [trials] * prompts, prompts * trials)
        covered += low <= truth <= high
    # Few prompts make the interval cautious; it must never claim too much.
    assert 0.93 <= covered / runs <= (0.97 if prompts > 10 else 1.0)
