"""The tests and intervals of comparisons, against published figures and against SciPy."""

from __future__ import annotations

from math import comb, log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from flakestorm.scoring.comparison_evidence import (
    binomial_tail,
    collapse_probability,
    mcnemar_exact,
    paired_interval,
)


@settings(max_examples=200, deadline=None)
@given(trials=st.integers(0, 3000), share=st.floats(0, 1.1), chance=st.floats(0, 1))
def test_tail_is_scipys(trials: int, share: float, chance: float) -> None:
    """Both tails, to nine digits."""
    least = int(share * trials)
    expected = stats.binom.sf(least - 1, trials, chance)
    assert binomial_tail(trials, least, chance) == pytest.approx(expected, rel=1e-8, abs=1e-13)


@pytest.mark.parametrize(
    ("worse", "better", "p_value"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (0, 6, 0.03125), (10, 2, 0.03857421875)],
)
def test_mcnemar_by_hand(worse: int, better: int, p_value: float) -> None:
    """Sums of a few binomial terms: 2/2⁵, 2/2⁶, 2·(1 + 12 + 66)/2¹²."""
    assert mcnemar_exact(worse, better) == pytest.approx(p_value, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(worse=st.integers(0, 5000), better=st.integers(0, 5000))
def test_mcnemar_is_scipys_binomial_test(worse: int, better: int) -> None:
    """The two-sided binomial test with one half, both ways round. SciPy's is 0 for some below 1e-257."""
    if worse + better:
        expected = stats.binomtest(worse, worse + better).pvalue
        assert mcnemar_exact(worse, better) == pytest.approx(expected, rel=1e-8, abs=1e-250)
    assert mcnemar_exact(worse, better) == mcnemar_exact(better, worse)


@settings(max_examples=60, deadline=None)
@given(few=st.integers(0, 60), many=st.integers(0, 960))
def test_mcnemar_is_the_sum_of_its_terms(few: int, many: int) -> None:
    """In whole numbers, which round nothing: also where SciPy gives up."""
    changed = few + many
    tail = sum(comb(changed, k) for k in range(min(few, many) + 1))
    exact = min(1.0, 2 * tail / 2**changed)
    assert mcnemar_exact(few, many) == pytest.approx(exact, rel=1e-8, abs=0)


def likeliest_better(worse: int, better: int, pairs: int, difference: float) -> float:
    """The rate of changes to the better that makes the counts most likely, found by search."""
    same = pairs - worse - better

    def cost(rate: float) -> float:
        cells = ((worse, rate + difference), (better, rate), (same, 1 - 2 * rate - difference))
        return -sum(count * log(max(chance, 1e-300)) for count, chance in cells)

    low, high = max(0.0, -difference), (1 - difference) / 2
    return float(
        optimize.minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    )


@pytest.mark.parametrize(("worse", "better", "pairs"), [(12, 2, 50), (40, 30, 400), (3, 0, 90), (5, 9, 30)])
def test_interval_ends_where_the_score_test_does(worse: int, better: int, pairs: int) -> None:
    """At both ends the standardised distance, with the likelihood maximised numerically, is the quantile."""
    for end, sign in zip(paired_interval(worse, better, pairs), (1, -1), strict=True):
        rate = likeliest_better(worse, better, pairs, end)
        variance = pairs * (2 * rate + end - end * end)
        distance = (worse - better - pairs * end) / sqrt(variance)
        assert distance == pytest.approx(sign * 1.959964, abs=2e-3)


def test_interval_without_changes_is_wilsons() -> None:
    """None of 100 pairs changed: the published interval of 0/100, on both sides."""
    low, high = paired_interval(0, 0, 100)
    assert (low, high) == (pytest.approx(-0.0370, abs=5e-5), pytest.approx(0.0370, abs=5e-5))


def test_interval_at_the_limits() -> None:
    """No pairs say nothing; if all changed to the worse, the upper end is 1."""
    assert paired_interval(0, 0, 0) == (-1.0, 1.0)
    low, high = paired_interval(20, 0, 20)
    assert high == pytest.approx(1.0)
    assert 0.6 < low < 0.9


@settings(max_examples=100, deadline=None)
@given(worse=st.integers(0, 50), better=st.integers(0, 50), same=st.integers(0, 200))
def test_interval_is_symmetric_and_holds_the_estimate(worse: int, better: int, same: int) -> None:
    """Exchanging the runs turns it around."""
    pairs = worse + better + same
    low, high = paired_interval(worse, better, pairs)
    if pairs:
        assert low - 1e-9 <= (worse - better) / pairs <= high + 1e-9
    assert paired_interval(better, worse, pairs) == pytest.approx((-high, -low))


@pytest.mark.parametrize(("failed", "judged", "now"), [(0, 3, 3), (2, 40, 1), (5, 60, 4)])
def test_collapse_is_fishers_exact_test(failed: int, judged: int, now: int) -> None:
    """Against SciPy's, one-sided."""
    table = [[now, 0], [failed, judged - failed]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert collapse_probability(failed, judged, now) == pytest.approx(expected)
