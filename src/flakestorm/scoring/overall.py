"""The overall score: the weighted mean of the pillars that were measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from flakestorm.model.run import Score, Scores

PILLARS = {"robustness": "mutation", "chaos_resilience": "chaos", "contract": "contract", "replay": "replay"}
"""Pillar → the name of its weight in the ``scoring`` section."""

DEFAULT_WEIGHTS: Mapping[str, float] = {"mutation": 0.20, "chaos": 0.35, "contract": 0.35, "replay": 0.10}


def with_overall(scores: Scores, weights: Mapping[str, float] = DEFAULT_WEIGHTS) -> Scores:
    """``scores`` with their weighted mean.

    A pillar that was not measured leaves its weight to the others. The interval is the weighted mean of the
    intervals: pillars share golden prompts, so that their errors may all point the same way, and no
    narrower interval would be safe.
    """
    pairs: list[tuple[str, Score | None]] = [(pillar, getattr(scores, pillar)) for pillar in PILLARS]
    measured = {pillar: score for pillar, score in pairs if score is not None}
    given = {pillar: weights.get(PILLARS[pillar], 0.0) for pillar in measured}
    total = sum(given.values())
    if not measured:
        return scores
    if not total:
        # Whoever weighs all that was measured with nothing has asked for no preference among it.
        given, total = dict.fromkeys(measured, 1.0), float(len(measured))

    def mean(part: Callable[[Score], float]) -> float:
        return sum(given[pillar] * part(score) for pillar, score in measured.items()) / total

    if len(measured) == 1:
        return replace(scores, overall=next(iter(measured.values())))
    overall = Score(
        value=mean(lambda score: score.value),
        low=mean(lambda score: score.low),
        high=mean(lambda score: score.high),
        judged=sum(score.judged for score in measured.values()),
    )
    return replace(scores, overall=overall)
