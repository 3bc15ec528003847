"""How sure a rate is: Wilson's interval for one rate, widened for a total whose trials come in clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sqrt, tan
from statistics import NormalDist

CONFIDENCE = 0.95

Interval = Callable[[Sequence[float], Sequence[float], float], tuple[float, float]]
"""(passed, judged: each by golden prompt; effective trials) to (low, high), as ``clustered`` does."""


def wilson(passed: float, judged: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The score interval of Wilson (1927) for ``passed`` of ``judged``; (0, 1) when nothing was judged.

    Unlike the textbook interval it has a width at 0 % and at 100 %.
    """
    if judged <= 0:
        return 0.0, 1.0
    return _score_interval(passed / judged, judged, NormalDist().inv_cdf(0.5 + confidence / 2))


def clustered(
    passed: Sequence[float], judged: Sequence[float], effective: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The interval of the ratio Σ passed ÷ Σ judged, where each position is one golden prompt.

    Trials of one golden prompt resemble each other, so they can say less than as many independent ones.
    Two intervals are taken, and the wider ends are given: Wilson's for ``effective`` trials, the number that
    the total is worth if prompts do not matter (Kish: (Σw)²/Σw² for weighted trials); and Wilson's for the
    number of independent trials that would vary as the ratio does between prompts (linearised variance,
    G/(G-1)), with Student's quantile for G prompts. docs/statistics.md has the simulated coverage, and that
    of the percentile bootstrap over prompts, which is too narrow for few prompts.
    """
    total = sum(judged)
    if total <= 0:
        return 0.0, 1.0
    rate = sum(passed) / total
    low, high = wilson(rate * effective, effective, confidence)
    groups = [(p, j) for p, j in zip(passed, judged, strict=True) if j > 0]
    count = len(groups)
    if count < 2 or not 0 < rate < 1:
        return low, high
    variance = count / (count - 1) * sum((p - rate * j) ** 2 for p, j in groups) / total**2
    if not variance:
        return low, high
    quantile = student_quantile(0.5 + confidence / 2, count - 1)
    between_low, between_high = _score_interval(rate, rate * (1 - rate) / variance, quantile)
    return min(low, between_low), max(high, between_high)


def _score_interval(rate: float, trials: float, z: float) -> tuple[float, float]:
    denominator = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / denominator
    half = z * sqrt(max(0.0, rate * (1 - rate)) / trials + z * z / (4 * trials * trials)) / denominator
    # At the ends the formula is exact but for rounding, which must not cut the rate itself off.
    low = 0.0 if rate <= 0 else max(0.0, centre - half)
    high = 1.0 if rate >= 1 else min(1.0, centre + half)
    return low, high


def student_quantile(probability: float, freedom: int) -> float:
    """The quantile of Student's t for ``probability`` > 0.5, to 3 digits for 1 or more degrees of freedom.

    Exact for 1 and 2; beyond, the expansion of Cornish and Fisher around the normal quantile.
    """
    if freedom == 1:
        return tan(pi * (probability - 0.5))
    if freedom == 2:
        share = 4 * probability * (1 - probability)
        return 2 * (probability - 0.5) * sqrt(2 / share)
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, start=1)))
