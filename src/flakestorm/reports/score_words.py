"""A score for a terminal's table."""

from __future__ import annotations

from flakestorm.model.run import Score


def percent(score: Score | None) -> str:
    """``83%``; a dash where nothing was judged."""
    return "–" if score is None else f"{score.value:.0%}"


def interval(score: Score | None) -> str:
    """``78%–87%``; a dash where nothing was judged."""
    return "–" if score is None else f"{score.low:.0%}–{score.high:.0%}"
