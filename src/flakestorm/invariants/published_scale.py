"""Scores of the embedded model on the scale that users' thresholds were written for.

People chose .75 and .8 for all-MiniLM-L6-v2. Word-piece means score most pairs differently, above all those
that share a topic, so a score is translated before it is compared. The table below joins the scores that both
models give to the same share of 134 hand-written pairs (docs/similarity.md).
"""

from __future__ import annotations

from bisect import bisect_right

KNOTS = (
    (-1.0, -1.0),
    (-0.10, -0.05),
    (0.10, 0.01),
    (0.25, 0.09),
    (0.42, 0.30),
    (0.54, 0.45),
    (0.63, 0.55),
    (0.68, 0.62),
    (0.74, 0.72),
    (0.83, 0.85),
    (0.91, 0.91),
    (1.0, 1.0),
)
"""(cosine of the embedded model, cosine of all-MiniLM-L6-v2), both rising; straight lines between them."""

_COSINES = [cosine for cosine, _ in KNOTS]


def published_scale(cosine: float) -> float:
    """The score that all-MiniLM-L6-v2 would give where the embedded model gives ``cosine``, both −1 to 1.

    Rising, so the order of replies stays. Its typical error on the calibration pairs is .11.
    """
    right = min(max(bisect_right(_COSINES, cosine), 1), len(KNOTS) - 1)
    (x0, y0), (x1, y1) = KNOTS[right - 1], KNOTS[right]
    return y0 + (y1 - y0) * (cosine - x0) / (x1 - x0)
