"""``retry-after`` ignored: asked to wait, the agent (or its SDK) asked again before."""

from __future__ import annotations

from flakestorm.scoring.behaviour.case import Case, Symptom, callee, end_of, seconds

TOLERANCE = 0.9
"""Who waits so much of what was asked has listened: clocks and rounding differ."""


def retry_after_ignored(case: Case) -> Symptom | None:
    """The hastiest repeat of a request that had been asked to wait."""
    hasty = []
    for pairs in case.repeated:
        for call, again in pairs:
            asked, waited = call.asked_wait_ms, max(0.0, again.started_ms - end_of(call))
            if asked and waited < TOLERANCE * asked:
                hasty.append((asked - waited, asked, waited, call, again))
    if not hasty:
        return None
    missing, asked, waited, call, again = max(hasty, key=lambda found: found[0])
    who = "the agent's SDK" if again.retry else "the agent"
    times = f", {len(hasty)} times in all" if len(hasty) > 1 else ""
    return Symptom(
        f"{callee(call)} asked for {seconds(asked)} of patience (status {call.status}); {who} "
        f"made the same request again after {seconds(waited)}{times}.",
        len(hasty) + missing / (1 + asked),
    )
