"""How sure a rate is: Wilson for one rate, a bootstrap over golden prompts for a total."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
RESAMPLES = 2000
CHUNK = 200
"""Resamples drawn at once: bounds the memory of a bootstrap over many golden prompts."""


def wilson(passed: float, judged: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The score interval of Wilson (1927) for ``passed`` of ``judged``; (0, 1) when nothing was judged.

    ``judged`` may be an effective number of trials and need not be whole. Unlike the textbook interval it
    has a width at 0 % and at 100 %.
    """
    if judged <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = passed / judged
    denominator = 1 + z * z / judged
    centre = (rate + z * z / (2 * judged)) / denominator
    half = z * sqrt(rate * (1 - rate) / judged + z * z / (4 * judged * judged)) / denominator
    # At the ends the formula is exact but for rounding, which must not cut the rate itself off.
    low = 0.0 if passed <= 0 else max(0.0, centre - half)
    high = 1.0 if passed >= judged else min(1.0, centre + half)
    return low, high


def clustered(
    passed: Sequence[float],
    judged: Sequence[float],
    effective: float,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """The interval of the ratio Σ passed ÷ Σ judged, where each position is one golden prompt.

    Trials of one golden prompt resemble each other, so whole prompts are resampled (percentile bootstrap,
    ``RESAMPLES`` times, drawn from ``seed``, stretched by √(G/(G-1)) because few prompts vary too little).
    ``effective`` is the number of trials that the total is worth (Kish: (Σw)²/Σw²); the result is never
    narrower than Wilson's interval for that number, which also gives it a width when all passed.
    """
    total = sum(judged)
    if total <= 0:
        return 0.0, 1.0
    rate = sum(passed) / total
    low, high = wilson(rate * effective, effective, confidence)
    groups = [(p, j) for p, j in zip(passed, judged, strict=True) if j > 0]
    if len(groups) < 2:
        return low, high
    resampled_low, resampled_high = _bootstrap(groups, rate, seed, confidence)
    return min(low, resampled_low), max(high, resampled_high)


def _bootstrap(
    groups: Sequence[tuple[float, float]], rate: float, seed: int, confidence: float
) -> tuple[float, float]:
    import numpy as np

    count = len(groups)
    table = np.array(groups, dtype=float)
    random = np.random.default_rng(seed)
    rates = []
    for _ in range(RESAMPLES // CHUNK):
        picks = random.multinomial(count, np.full(count, 1 / count), size=CHUNK)
        sums = picks @ table
        rates.append(sums[:, 0] / sums[:, 1])
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(rates), [tail, 1 - tail])
    stretch = sqrt(count / (count - 1))
    return max(0.0, rate + (float(low) - rate) * stretch), min(1.0, rate + (float(high) - rate) * stretch)
