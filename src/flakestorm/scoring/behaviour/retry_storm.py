"""Retry storm: the same request again and again after it failed, without the pause that would help."""

from __future__ import annotations

from statistics import median

from flakestorm.model.outcome import Call
from flakestorm.scoring.behaviour.case import Case, Symptom, callee, end_of, seconds

MOST_HASTY = 5
"""More repeats of one failed request are a storm when they follow each other hastily."""
HASTY_MS = 1_000.0
"""A median pause below this is hasty: no service comes back in that time because it is asked again."""
MOST = 20
"""More repeats are a storm at any pace."""


def retry_storm(case: Case) -> Symptom | None:
    """The request of the trial that was repeated most after failures, if that is beyond the limits."""
    storms = [pairs for pairs in case.repeated if _is_storm(pairs)]
    if not storms:
        return None
    worst = max(storms, key=len)
    return Symptom(_told(worst), len(worst))


def _pauses(pairs: list[tuple[Call, Call]]) -> list[float]:
    return [max(0.0, again.started_ms - end_of(call)) for call, again in pairs]


def _is_storm(pairs: list[tuple[Call, Call]]) -> bool:
    return len(pairs) > MOST or (len(pairs) > MOST_HASTY and median(_pauses(pairs)) < HASTY_MS)


def _told(pairs: list[tuple[Call, Call]]) -> str:
    first, last = pairs[0][0], pairs[-1][1]
    by_sdk = sum(again.retry > 0 for _, again in pairs)
    whose = f", {by_sdk} of them by the SDK itself and {len(pairs) - by_sdk} by the agent" if by_sdk else ""
    return (
        f"{callee(first)} was asked the same {len(pairs)} more times after failures{whose}, "
        f"within {seconds(end_of(last) - first.started_ms)}; the median pause was "
        f"{seconds(median(_pauses(pairs)))}."
    )
