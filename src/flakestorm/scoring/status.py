"""How a trial ended, from its outcome and its verdicts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from flakestorm.model.outcome import ErrorKind, Outcome
from flakestorm.model.record import TrialStatus
from flakestorm.model.reliability import point_of
from flakestorm.model.replay import session_of
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Verdict, VerdictStatus

SET_ASIDE = "set aside: it fails for this golden prompt even undisturbed"


def set_aside(verdicts: Sequence[Verdict], broken: Collection[str]) -> tuple[Verdict, ...]:
    """``verdicts`` with those of ``broken`` invariants skipped.

    An invariant that the golden prompt always fails undisturbed says nothing about a disturbance,
    whichever way it turns out.
    """
    return tuple(
        replace(v, status=VerdictStatus.SKIPPED, detail=SET_ASIDE, evidence=())
        if v.invariant in broken
        else v
        for v in verdicts
    )


def conclude(
    trial: Trial, outcome: Outcome, verdicts: Sequence[Verdict], idle: str = ""
) -> tuple[TrialStatus, str]:
    """The status of the trial, and one sentence for those that count for nothing.

    A trial whose scenario injected nothing is inconclusive (but at a point of a reliability grid, where that
    no fault came up is part of the rate); of a replay ``idle`` says that it is and why. So is one with
    nothing but set-aside verdicts. A failed verdict outweighs an error: a rule that could be judged was
    broken. What cannot be expressed for this kind of agent is skipped. A call that no cassette has makes the
    trial errored, whatever came of it.
    """
    if outcome.error is not None and outcome.error.kind is ErrorKind.UNRECORDED:
        return TrialStatus.ERRORED, outcome.error.message
    if idle:
        return TrialStatus.INCONCLUSIVE, idle
    if not outcome.faults_fired and _is_disturbed(trial.scenario):
        return TrialStatus.INCONCLUSIVE, f"no fault of scenario '{trial.scenario}' fired"
    statuses = {verdict.status for verdict in verdicts}
    if VerdictStatus.FAILED in statuses:
        return TrialStatus.FAILED, ""
    if outcome.error is not None:
        if outcome.error.kind is ErrorKind.UNSENDABLE:
            return TrialStatus.SKIPPED, outcome.error.message
        return TrialStatus.ERRORED, ""
    if VerdictStatus.ERRORED in statuses:
        return TrialStatus.ERRORED, "an invariant could not be judged"
    if VerdictStatus.PASSED in statuses:
        return TrialStatus.PASSED, ""
    if any(verdict.detail == SET_ASIDE for verdict in verdicts):
        return TrialStatus.INCONCLUSIVE, "its invariants fail for this golden prompt even undisturbed"
    return TrialStatus.SKIPPED, "no invariant applies to it"


def _is_disturbed(scenario: str) -> bool:
    """Whether a trial in ``scenario`` is about faults, and shows nothing without any."""
    return scenario != NO_CHAOS and session_of(scenario) is None and point_of(scenario) is None
