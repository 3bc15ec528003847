"""Hammering after 401 or 403: a key that was refused is not accepted because it is shown again."""

from __future__ import annotations

from flakestorm.scoring.behaviour.case import Case, Symptom, callee

REFUSALS = frozenset({401, 403})
MOST = 1
"""One repeat is fair: a token may have expired, and was renewed."""


def hammering(case: Case) -> Symptom | None:
    """The request that was repeated most after it was refused, if that is more than once."""
    refused = [[call for call, _ in pairs if call.status in REFUSALS] for pairs in case.repeated]
    worst = max(refused, key=len, default=[])
    if len(worst) <= MOST:
        return None
    call = worst[0]
    return Symptom(
        f"{callee(call)} answered {call.status}, and the same request was made {len(worst)} more times.",
        len(worst),
    )
