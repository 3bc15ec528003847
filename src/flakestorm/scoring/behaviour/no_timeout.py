"""No timeout: the agent waited for a call that never answered until somebody else ended it."""

from __future__ import annotations

from flakestorm.model.outcome import Call, ErrorKind
from flakestorm.scoring.behaviour.case import Case, Symptom, callee, end_of, seconds
from flakestorm.scoring.behaviour.fault_modes import failed

LONG_MS = 60_000.0
"""A hang of this length that the agent sat through to its end: it has no timeout that would help anyone."""
NEAR = 0.95
"""The share of a trial that counts as all of it: the deadline and the call's end are measured apart."""


def no_timeout(case: Case) -> Symptom | None:
    """The silent call that the agent waited for until the trial's deadline, or for a minute and more."""
    waited = [call for call in case.disturbed if failed(call) and _in_vain(call, case)]
    if not waited:
        return None
    longest = max(waited, key=lambda call: call.duration_ms)
    until = "until the trial's deadline" if _to_the_deadline(longest, case) else "until it was cut"
    return Symptom(
        f"{callee(longest)} said nothing for {seconds(longest.duration_ms)}, and the agent "
        f"waited for it {until}.",
        longest.duration_ms,
    )


def _in_vain(call: Call, case: Case) -> bool:
    return _to_the_deadline(call, case) or (call.ended == "hung" and call.duration_ms >= LONG_MS)


def _to_the_deadline(call: Call, case: Case) -> bool:
    outcome = case.record.outcome
    return (
        outcome.error is not None
        and outcome.error.kind is ErrorKind.TIMEOUT
        and call.ended != ""
        and end_of(call) >= NEAR * outcome.latency_ms
        and call.duration_ms >= outcome.latency_ms / 2
    )
