"""Robustness ratios against statsmodels and in a simulation."""

from __future__ import annotations

import random
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from flakestorm.scoring.rate_of import rate_of
from flakestorm.scoring.robustness_ratio import ratio_interval, robustness_ratio

Some = st.integers(20, 400).flatmap(lambda n: st.tuples(st.integers(n // 4, n - 1), st.just(n)))


def test_the_ratio_is_capped_and_counts_the_disturbed() -> None:
    """Better than undisturbed is as good as undisturbed."""
    worse = robustness_ratio({"a": (6, 10), "b": (6, 10)}, {"a": (8, 10), "b": (8, 10)})
    assert worse is not None
    assert worse.value == pytest.approx(0.75)
    assert worse.judged == 20
    assert worse.low < 0.75 < worse.high <= 1
    better = robustness_ratio({"a": (9, 10)}, {"a": (5, 10)})
    assert better is not None
    assert (better.value, better.high) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("disturbed", "undisturbed"),
    [
        ({}, {"a": (1, 1)}),
        ({"a": (1, 1)}, {}),
        ({"a": (1, 2)}, {"a": (0, 3)}),
        ({"a": (0, 0)}, {"a": (1, 1)}),
    ],
)
def test_nothing_to_compare(
    disturbed: dict[str, tuple[int, int]], undisturbed: dict[str, tuple[int, int]]
) -> None:
    """Without both arms, or where nothing passes undisturbed, there is no ratio."""
    assert robustness_ratio(disturbed, undisturbed) is None


def test_only_prompts_of_both_arms_count() -> None:
    """Another golden prompt in one arm would be another denominator."""
    both = robustness_ratio({"a": (1, 2), "b": (2, 2)}, {"a": (2, 2)})
    alone = robustness_ratio({"a": (1, 2)}, {"a": (2, 2)})
    assert both == alone


@settings(deadline=None, max_examples=100)
@given(Some, Some)
def test_the_interval_is_near_that_of_statsmodels(first: tuple[int, int], second: tuple[int, int]) -> None:
    """Two methods for independent rates, far from the ends: score (statsmodels) and MOVER (ours)."""
    low, high = ratio_interval(first, second)
    expected = confint_proportions_2indep(*first, *second, method="score", compare="ratio")
    assert (low, high) == pytest.approx(expected, rel=0.06)


def test_the_interval_at_the_ends() -> None:
    """All or nothing has a width; a second rate that may be 0 bounds nothing."""
    low, high = ratio_interval((10, 10), (10, 10))
    assert low < 1 < high < inf
    assert ratio_interval((0, 10), (10, 10))[0] == 0.0
    assert 0 < ratio_interval((0, 10), (10, 10))[1] < 0.5
    assert ratio_interval((5, 10), (0, 10))[1] == inf


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_rate_of_one_prompt_is_wilsons(count: tuple[int, int]) -> None:
    """An independent implementation gives the same interval; without trials there is none."""
    score = rate_of({"a": count, "b": (0, 0)})
    assert score is not None
    assert (score.low, score.high) == pytest.approx(proportion_confint(*count, method="wilson"), abs=1e-9)
    assert rate_of({"b": (0, 0)}) is None


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """30 prompts with rates of their own around 90 %; disturbed, each keeps 70 % of its rate."""
    rng = random.Random(11)
    held = 0
    for _ in range(1000):
        rates = {str(n): rng.betavariate(17.1, 1.9) for n in range(30)}
        disturbed = {
            name: (sum(rng.random() < 0.7 * rate for _ in range(20)), 20) for name, rate in rates.items()
        }
        undisturbed = {name: (sum(rng.random() < rate for _ in range(5)), 5) for name, rate in rates.items()}
        score = robustness_ratio(disturbed, undisturbed)
        assert score is not None
        held += score.low <= 0.7 <= score.high
    assert 0.93 <= held / 1000 <= 0.97
