"""How many trials a difference needs: against simulated runs, and in the limits."""

from __future__ import annotations

from random import Random

import pytest

from flakestorm.scoring.comparison_evidence import mcnemar_exact, paired_interval
from flakestorm.scoring.comparison_power import trials_to_detect, trials_to_rule_out


def changes(rng: Random, pairs: int, worse: float, better: float) -> tuple[int, int]:
    """How many of ``pairs`` change to the worse and to the better."""
    drawn = [rng.random() for _ in range(pairs)]
    return sum(one < worse for one in drawn), sum(worse <= one < worse + better for one in drawn)


@pytest.mark.parametrize(("difference", "flips"), [(0.1, 0.1), (0.15, 0.0), (0.05, 0.02)])
def test_so_many_trials_find_it(difference: float, flips: float) -> None:
    """Of simulated comparisons about four in five find the difference, and a third fewer trials do not."""
    rng = Random(11)
    wanted = trials_to_detect(difference, flips)

    def found(pairs: int) -> float:
        hits = 0
        for _ in range(400):
            worse, better = changes(rng, pairs, difference + flips / 2, flips / 2)
            hits += worse > better and mcnemar_exact(worse, better) <= 0.05
        return hits / 400

    assert 0.74 <= found(wanted) <= 0.9
    assert found(wanted * 2 // 3) < 0.74


@pytest.mark.parametrize(("margin", "flips"), [(0.05, 0.1), (0.1, 0.02)])
def test_so_many_trials_rule_it_out(margin: float, flips: float) -> None:
    """Of simulated comparisons without a change about four in five come out as not worse."""
    rng = Random(12)
    pairs = trials_to_rule_out(margin, flips)
    hits = 0
    for _ in range(400):
        worse, better = changes(rng, pairs, flips / 2, flips / 2)
        hits += paired_interval(worse, better, pairs)[1] <= margin
    assert 0.72 <= hits / 400 <= 0.92


def test_known_numbers() -> None:
    """Six changes in one direction reject; without flips that is all it takes. Wilson's 73 rule out 5 %."""
    assert trials_to_detect(1.0, 0.0) == 6
    assert trials_to_rule_out(0.05, 0.0) == 73


def test_more_noise_and_smaller_differences_need_more() -> None:
    """Also beyond where the exact test is used, and without a jump there."""
    sizes = [trials_to_detect(0.05, flips) for flips in (0.0, 0.1, 0.3)]
    assert sizes == sorted(set(sizes))
    by_difference = [trials_to_detect(d / 1000, 0.1) for d in (60, 40, 36, 20, 1)]
    assert by_difference == sorted(set(by_difference))
    assert trials_to_rule_out(0.01, 0.1) > trials_to_rule_out(0.05, 0.1)
    assert trials_to_detect(0.05, 0.1, power=0.9) > trials_to_detect(0.05, 0.1)


@pytest.mark.parametrize(("difference", "flips"), [(0, 0.1), (1.2, 0), (0.5, 0.6), (0.1, -0.1)])
def test_impossible_shares_are_refused(difference: float, flips: float) -> None:
    """Nothing, more than everything, and more than all together."""
    for ask in (trials_to_detect, trials_to_rule_out):
        with pytest.raises(ValueError, match="cannot be"):
            ask(difference, flips)
