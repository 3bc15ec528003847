"""How sure a difference between two runs is: exact tests and an interval for pairs of trials."""

from __future__ import annotations

from math import comb, exp, lgamma, log, sqrt
from statistics import NormalDist

from flakestorm.scoring.intervals import CONFIDENCE

_STEPS = 60
"""Halvings of an interval of width 2: more would be lost in rounding."""


def binomial_tail(trials: int, least: int, chance: float = 0.5) -> float:
    """The probability of ``least`` or more successes in ``trials`` with the given ``chance`` of each."""
    if least <= 0:
        return 1.0
    if least > trials or chance <= 0:
        return 0.0
    if chance >= 1:
        return 1.0
    if least <= trials * chance:
        # The other tail has the smaller terms, and falls from where the sum begins.
        return max(0.0, 1.0 - binomial_tail(trials, trials - least + 1, 1 - chance))
    odds = chance / (1 - chance)
    logarithm = lgamma(trials + 1) - lgamma(least + 1) - lgamma(trials - least + 1)
    term = exp(logarithm + least * log(chance) + (trials - least) * log(1 - chance))
    total = 0.0
    for successes in range(least, trials + 1):
        total += term
        term *= odds * (trials - successes) / (successes + 1)
        if term <= total * 1e-17:
            break
    return min(1.0, total)


def mcnemar_exact(worse: int, better: int) -> float:
    """The two-sided p-value of McNemar's exact test, for so many changes to the worse and to the better.

    If nothing has changed, a pair that differs is as likely to differ in one direction as in the other.
    """
    changed = worse + better
    return min(1.0, 2 * binomial_tail(changed, max(worse, better)))


def paired_interval(
    worse: float, better: float, pairs: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Tango's score interval (1998) for the difference of paired rates, (``worse`` − ``better``) ÷ ``pairs``.

    All differences that the score test does not reject, from -1 to 1; unlike the textbook interval it has a
    width where no pair changed. (-1, 1) without pairs.
    """
    if pairs <= 0:
        return -1.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    estimate = (worse - better) / pairs
    return (
        -_limit(better, worse, pairs, z, -estimate),
        _limit(worse, better, pairs, z, estimate),
    )


def _limit(worse: float, better: float, pairs: float, z: float, estimate: float) -> float:
    """The largest difference, from ``estimate`` up, that is not rejected."""
    low, high = estimate, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _score(worse, better, pairs, middle) >= -z:
            low = middle
        else:
            high = middle
    return low


def _score(worse: float, better: float, pairs: float, difference: float) -> float:
    """The standardised distance of what was seen from ``difference``."""
    # The most likely rate of changes to the better, if the true difference were this one.
    b = (2 * pairs - worse + better) * difference - worse - better
    c = -better * difference * (1 - difference)
    rate = (sqrt(max(0.0, b * b - 8 * pairs * c)) - b) / (4 * pairs)
    variance = pairs * (2 * rate + difference * (1 - difference))
    distance = worse - better - pairs * difference
    if variance <= 0:
        return 0.0 if not distance else float("-inf") if distance < 0 else float("inf")
    return distance / sqrt(variance)


def collapse_probability(failed_before: int, judged_before: int, failed_now: int) -> float:
    """Fisher's exact probability that all of ``failed_now`` trials fail now, if they are like those before.

    Before, ``failed_before`` of ``judged_before`` failed.
    """
    return comb(failed_before + failed_now, failed_now) / comb(judged_before + failed_now, failed_now)
