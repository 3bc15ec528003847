"""Robustness ratio: the pass rate disturbed ÷ undisturbed, so that a weak agent is not called fragile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf, log, sqrt

from flakestorm.model.run import Score
from flakestorm.scoring.intervals import CONFIDENCE, student_quantile, wilson
from flakestorm.scoring.pass_hat_k import Count

Arm = Mapping[str, Count]
"""Golden prompt id → (passed, judged)."""


def robustness_ratio(disturbed: Arm, undisturbed: Arm, confidence: float = CONFIDENCE) -> Score | None:
    """min(1, ratio) over the golden prompts that were judged in both arms; ``judged`` are disturbed trials.

    None where there are none, or nothing passes undisturbed: then there is nothing to lose. Of two intervals
    the wider ends are given: from Wilson's for either rate, as if all trials were independent, and on the
    logarithm of the ratio from how it varies between golden prompts, which leaves out what both arms share.
    """
    both = [
        (disturbed[name], undisturbed[name])
        for name in sorted(disturbed)
        if disturbed[name][1] and undisturbed.get(name, (0, 0))[1]
    ]
    first, second = _total([one for one, _ in both]), _total([other for _, other in both])
    if not both or not second[0]:
        return None
    ratio = first[0] / first[1] * second[1] / second[0]
    low, high = ratio_interval(first, second, confidence)
    between = _between(both, first, second, confidence)
    if between is not None:
        low, high = min(low, between[0]), max(high, between[1])
    return Score(min(1.0, ratio), min(1.0, low), min(1.0, high), first[1])


def ratio_interval(first: Count, second: Count, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of the ratio of two independent rates, from the score interval of each (MOVER).

    Donner & Zou (2012). Unlike that of the logarithm alone it has a width at 0 % and at 100 %; its end is
    infinite where the second rate may be 0.
    """
    one, other = first[0] / first[1], second[0] / second[1]
    (low1, high1), (low2, high2) = wilson(*first, confidence), wilson(*second, confidence)
    product = one * other
    near, far = low1 * (2 * one - low1), high2 * (2 * other - high2)
    low = near / (product + sqrt(max(0.0, product**2 - near * far))) if near > 0 else 0.0
    near, far = low2 * (2 * other - low2), high1 * (2 * one - high1)
    high = (product + sqrt(max(0.0, product**2 - near * far))) / near if near > 0 else inf
    return low, high


def _between(
    both: Sequence[tuple[Count, Count]], first: Count, second: Count, confidence: float
) -> tuple[float, float] | None:
    """The interval by the variance between golden prompts; None where there is none to be seen."""
    count = len(both)
    if count < 2 or not first[0]:
        return None
    one, other = first[0] / first[1], second[0] / second[1]
    variance = (
        count
        / (count - 1)
        * sum(((a[0] - one * a[1]) / first[0] - (b[0] - other * b[1]) / second[0]) ** 2 for a, b in both)
    )
    half = student_quantile(0.5 + confidence / 2, count - 1) * sqrt(variance)
    middle = log(one / other)
    return exp(middle - half), exp(min(middle + half, 700.0))


def _total(counts: Sequence[Count]) -> Count:
    return sum(passed for passed, _ in counts), sum(judged for _, judged in counts)
