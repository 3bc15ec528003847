"""What one trial of an exploration shows: failed, degraded, survived; or nothing, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from flakestorm.model.fault_map import PointState
from flakestorm.model.fault_point import FaultPoint
from flakestorm.model.outcome import AGENT_FAULTS
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.verdict import Severity
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.catalogue import BEHAVIOURS
from flakestorm.scoring.behaviour.control import TOKENS, amounts
from flakestorm.scoring.cause_titles import effect
from flakestorm.scoring.causes import failures

MANY_CALLS = 2.0
"""More than so many times the usual calls are a degradation."""
LONG, LONG_MS = 3.0, 1000.0
"""A trial is long when it takes more than so many times its usual time, and so many milliseconds more; what
passes in disturbed calls is not the agent's doing and does not count."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong with a trial, as it is told; ``degree`` orders trials, the clearest highest."""

    severity: Severity
    title: str
    detail: str = ""
    degree: float = 0.0


def broke(record: TrialRecord) -> bool:
    """Whether the agent failed: an invariant was broken, or it gave no reply through its own fault."""
    error = record.outcome.error
    lost = record.status is TrialStatus.ERRORED and error is not None and error.kind in AGENT_FAULTS
    return lost or record.status is TrialStatus.FAILED


def judged(
    record: TrialRecord, case: Case | None, points: tuple[FaultPoint, ...], usual_ms: float | None
) -> tuple[PointState, Reason | None]:
    """The state that ``record`` shows for ``points``, and what is wrong with it.

    ``case`` is None where no call was seen; ``usual_ms`` is the latency of the golden prompt undisturbed.
    """
    if broke(record):
        return PointState.FAILED, _why_failed(record, case)
    if case is None or not _all_fired(record, points):
        return PointState.UNFIRED, None
    if record.status is not TrialStatus.PASSED:
        return PointState.UNJUDGED, None
    reason = next(_symptoms(case), None) or _more_calls(case) or _more_time(case, usual_ms)
    return (PointState.DEGRADED if reason else PointState.SURVIVED), reason


def _all_fired(record: TrialRecord, points: tuple[FaultPoint, ...]) -> bool:
    fired = Counter(mode for call in record.outcome.calls for mode in call.fired)
    return not Counter(point.mode for point in points) - fired


def _symptoms(case: Case) -> Iterator[Reason]:
    """Bad behaviour, the worst first."""
    for behaviour in BEHAVIOURS:
        symptom = behaviour.find(case)
        if symptom is not None:
            severity = symptom.severity or behaviour.severity
            yield Reason(severity, behaviour.title, symptom.detail, symptom.degree)


def _why_failed(record: TrialRecord, case: Case | None) -> Reason:
    if case is not None:
        for reason in _symptoms(case):
            return reason
    broken = sorted(failures(record), key=lambda item: item[1].severity.rank if item[1] else 1)
    rule, verdict = broken[0]
    error = record.outcome.error
    detail = verdict.detail if verdict else error.message if error else ""
    return Reason(verdict.severity if verdict else Severity.HIGH, effect(rule, record), detail)


def _more_calls(case: Case) -> Reason | None:
    for kind, count in amounts(case.record).items():
        usual = case.control.usual(kind)
        if kind != TOKENS and usual and count > MANY_CALLS * usual:
            detail = f"{count} {kind} calls, and {usual:g} when undisturbed."
            return Reason(Severity.LOW, "Makes many more calls", detail, count / usual)
    return None


def _more_time(case: Case, usual_ms: float | None) -> Reason | None:
    if usual_ms is None:
        return None
    own_ms = case.record.outcome.latency_ms - sum(call.duration_ms for call in case.disturbed)
    if own_ms <= LONG * usual_ms or own_ms <= usual_ms + LONG_MS:
        return None
    detail = f"{own_ms / 1000:.1f} s beside the disturbed calls, and {usual_ms / 1000:.1f} s undisturbed."
    return Reason(Severity.LOW, "Takes much longer", detail, own_ms)
