"""pass^k: how likely k trials of one golden prompt all pass. Who is right now and then is not reliable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb

from flakestorm.model.measures import PassHat
from flakestorm.model.run import Score
from flakestorm.scoring.intervals import Interval, clustered

Count = tuple[int, int]
"""(passed, judged) of one golden prompt."""


def all_pass(passed: int, judged: int, k: int) -> float:
    """C(passed, k) ÷ C(judged, k): the unbiased estimate from ``judged`` ≥ k trials of one golden prompt.

    Raises ``ValueError`` where there are fewer, or more passed than judged.
    """
    if not 0 <= passed <= judged or not 1 <= k <= judged:
        raise ValueError(f"pass^{k} cannot be told from {passed} of {judged} trials")
    return comb(passed, k) / comb(judged, k)


def pass_hat_k(counts: Iterable[Count], k: int, interval: Interval = clustered) -> Score | None:
    """The mean over golden prompts; None where nothing was judged, or one of them has fewer than k trials.

    To leave such a prompt out would be to measure other prompts for another k. The interval is that of a
    total over golden prompts; n trials of a prompt hold n/k independent groups of k, and count as no more.
    """
    known = [(passed, judged) for passed, judged in counts if judged]
    if not known or min(judged for _, judged in known) < k:
        return None
    shares = [all_pass(passed, judged, k) for passed, judged in known]
    trials = sum(judged for _, judged in known)
    low, high = interval(shares, [1.0] * len(shares), trials / k)
    return Score(sum(shares) / len(shares), low, high, trials)


def pass_hats(
    counts: Sequence[Count], ks: Iterable[int] = (1, 2, 4, 8), interval: Interval = clustered
) -> tuple[PassHat, ...]:
    """pass^k for those of ``ks`` for which each golden prompt has enough trials."""
    found = ((k, pass_hat_k(counts, k, interval)) for k in ks)
    return tuple(PassHat(k, score) for k, score in found if score is not None)
