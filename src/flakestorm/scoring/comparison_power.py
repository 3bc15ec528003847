"""How many trials a comparison needs, so that a difference of a given size is found or can be ruled out."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, lgamma, log, sqrt
from statistics import NormalDist

from flakestorm.scoring.comparison_evidence import binomial_tail, paired_interval
from flakestorm.scoring.intervals import CONFIDENCE

POWER = 0.8
_EXACT_UP_TO = 400
"""Changed pairs; beyond, the normal approximation differs from the exact test by a few percent."""


def trials_to_detect(difference: float, flips: float, power: float = POWER) -> int:
    """About how many pairs the exact test needs to find a ``difference`` with probability ``power``.

    ``flips`` is the share of pairs that differ although nothing has changed: half of them in each direction.
    Raises ``ValueError`` for shares that cannot be.
    """
    _check(difference, flips)
    worse, better = difference + flips / 2, flips / 2
    changed = worse + better
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    aim = NormalDist().inv_cdf(power)
    rough = ceil((z * sqrt(changed) + aim * sqrt(max(0.0, changed - difference**2))) ** 2 / difference**2)
    if rough * changed > _EXACT_UP_TO:
        return rough
    return _smallest(lambda pairs: _power(pairs, worse, better) >= power, 2 * rough + 50)


def trials_to_rule_out(difference: float, flips: float, power: float = POWER) -> int:
    """About how many pairs show with probability ``power`` that nothing is worse by ``difference``.

    This is for an agent that has not changed; ``flips`` as in ``trials_to_detect``.
    """
    _check(difference, flips)
    aim = NormalDist().inv_cdf(power)

    def shown(pairs: int) -> bool:
        changed = pairs * flips
        unlucky = min(changed, aim * sqrt(changed))
        high = paired_interval((changed + unlucky) / 2, (changed - unlucky) / 2, pairs)[1]
        return high <= difference

    most = 100
    while not shown(most):
        most *= 2
    return _smallest(shown, most)


def _check(difference: float, flips: float) -> None:
    if not 0 < difference <= 1 or not 0 <= flips < 1 or difference + flips > 1:
        raise ValueError(
            f"a difference of {difference:.4g} with {flips:.4g} of the pairs differing anyway cannot be: "
            "both are shares from 0 to 1, and together at most 1"
        )


def _smallest(enough: Callable[[int], bool], most: int) -> int:
    """The smallest number up to ``most`` that is ``enough``; larger ones are taken to be, too."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _power(pairs: int, worse: float, better: float) -> float:
    """The probability that the exact test rejects, over all numbers of ``pairs`` that may change."""
    changed = worse + better
    mean, deviation = pairs * changed, sqrt(pairs * changed * (1 - changed))
    first, last = max(0, int(mean - 7 * deviation)), min(pairs, ceil(mean + 7 * deviation))
    total = 0.0
    for count in range(first, last + 1):
        total += _density(pairs, count, changed) * binomial_tail(count, _critical(count), worse / changed)
    return total


def _density(trials: int, successes: int, chance: float) -> float:
    if chance >= 1:
        return 1.0 if successes == trials else 0.0
    logarithm = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(trials - successes + 1)
    return exp(logarithm + successes * log(chance) + (trials - successes) * log(1 - chance))


def _critical(changed: int) -> int:
    """How many of ``changed`` pairs must be worse for the test to reject; more than all if it never does."""
    alpha = (1 - CONFIDENCE) / 2
    # A little before where the normal approximation has it, and up from there.
    worse = max(0, int(changed / 2 + 0.9 * sqrt(changed)))
    while worse <= changed and binomial_tail(changed, worse) > alpha:
        worse += 1
    return worse
