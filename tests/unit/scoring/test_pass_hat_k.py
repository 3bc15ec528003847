"""pass^k against published figures, against counting, and in a simulation."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from flakestorm.scoring.pass_hat_k import all_pass, pass_hat_k, pass_hats

RETAIL = [(4, 44), (3, 22), (2, 9), (1, 18), (0, 22)]
"""(passes of 4 trials, tasks): the only whole numbers of 115 tasks that fit the four figures below."""


@pytest.mark.parametrize(("k", "published"), [(1, 0.604), (2, 0.491), (3, 0.430), (4, 0.383)])
def test_published_figures_of_tau_bench(k: int, published: float) -> None:
    """gpt-4o on the retail tasks of τ-bench, from the counts that its four figures come from."""
    counts = [(passed, 4) for passed, tasks in RETAIL for _ in range(tasks)]
    score = pass_hat_k(counts, k)
    assert score is not None
    assert len(counts) == 115
    assert round(score.value, 3) == published
    assert score.low < published < score.high


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_it_is_the_share_of_groups_that_all_pass(case: tuple[int, int, int]) -> None:
    """Counting all groups of k trials gives the same, and so does drawing without replacement."""
    passed, judged, k = case
    groups = list(combinations([True] * passed + [False] * (judged - passed), k))
    assert all_pass(*case) == pytest.approx(sum(map(all, groups)) / len(groups))
    assert all_pass(*case) == pytest.approx(hypergeom(judged, passed, k).pmf(k), abs=1e-9)


@pytest.mark.parametrize("case", [(2, 1, 1), (1, 3, 4), (1, 3, 0), (-1, 3, 1)])
def test_what_cannot_be_told_is_an_error(case: tuple[int, int, int]) -> None:
    """More passes than trials, or fewer trials than k."""
    with pytest.raises(ValueError, match="cannot be told"):
        all_pass(*case)


def test_a_prompt_with_too_few_trials_leaves_k_unknown() -> None:
    """Else a larger k would be measured on other prompts; a prompt that was never judged is no prompt."""
    assert pass_hat_k([(3, 3), (1, 1)], 2) is None
    assert pass_hat_k([], 1) is None
    assert [one.k for one in pass_hats([(3, 3), (2, 4), (0, 0)])] == [1, 2]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 6), st.just(6)), min_size=1, max_size=8))
def test_it_never_rises_with_k(counts: list[tuple[int, int]]) -> None:
    """More passes in a row are never likelier, and the interval holds the value."""
    found = pass_hats(counts, range(1, 7))
    values = [one.score.value for one in found]
    assert values == sorted(values, reverse=True)
    assert all(one.score.low - 1e-9 <= one.score.value <= one.score.high + 1e-9 for one in found)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_interval_holds_the_truth_as_often_as_it_says(k: int) -> None:
    """30 prompts with rates of their own (a beta distribution, 80 % in the mean), 8 trials each."""
    rng = random.Random(7)
    first, second = 3.2, 0.8
    truth = 1.0
    for step in range(k):
        truth *= (first + step) / (first + second + step)
    held = 0
    for _ in range(1000):
        rates = [rng.betavariate(first, second) for _ in range(30)]
        counts = [(sum(rng.random() < rate for _ in range(8)), 8) for rate in rates]
        score = pass_hat_k(counts, k)
        assert score is not None
        held += score.low <= truth <= score.high
    assert 0.93 <= held / 1000 <= 0.97
