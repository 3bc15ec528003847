"""Recovery: how soon after the last disturbed call the agent gave a correct reply, and who never did."""

from __future__ import annotations

from statistics import median

from flakestorm.model.outcome import AGENT_FAULTS, Call
from flakestorm.model.record import TrialStatus
from flakestorm.model.run import Recovery
from flakestorm.scoring.behaviour.case import Case, Symptom, after, callee, end_of, names
from flakestorm.scoring.behaviour.fault_modes import failed, is_good, modes


class RecoveryTally:
    """Collects how trials went on after their last disturbed call; eight bytes for each."""

    def __init__(self) -> None:
        self._calls: list[int] = []
        self._seconds: list[float] = []
        self._never = 0

    def add(self, case: Case) -> None:
        """Count a trial in which a fault made a call fail, if it ended in a judged reply or in no reply.

        Damaged data that came without a failure leaves nothing to recover from.
        """
        if not _is_over(case) or not any(map(failed, case.disturbed)):
            return
        if case.record.status is not TrialStatus.PASSED:
            self._never += 1
            return
        last = max(case.disturbed, key=end_of)
        self._calls.append(len(after(last, case.calls)))
        self._seconds.append(max(0.0, case.record.outcome.latency_ms - end_of(last)) / 1000)

    def summary(self) -> Recovery:
        """Medians over the trials that recovered."""
        if not self._calls:
            return Recovery(0, self._never)
        return Recovery(
            recovered=len(self._calls),
            never=self._never,
            calls=median(self._calls),
            seconds=round(median(self._seconds), 3),
            worst_seconds=round(max(self._seconds), 3),
        )


def _is_over(case: Case) -> bool:
    error = case.record.outcome.error
    lost = case.record.status is TrialStatus.ERRORED and error is not None and error.kind in AGENT_FAULTS
    return lost or case.record.status in (TrialStatus.PASSED, TrialStatus.FAILED)


def _request(call: Call) -> tuple[str, str, str]:
    """What was asked of whom: another question to the same tool is no second try."""
    return call.kind, call.name, call.sent


def never_recovers(case: Case) -> Symptom | None:
    """The fault was over, its request was made again and answered well, and the trial failed all the same.

    Only where the golden prompt passes undisturbed, and where the fault made calls fail: wrong data that
    came before the good does not count. Every call without a good answer was answered well later: an agent
    cannot recover from what still lasts.
    """
    broken = [call for call in case.disturbed if failed(call)]
    if not broken or case.record.status is TrialStatus.PASSED or not _is_over(case):
        return None
    if not all(is_good(call) or case.made_good(call) for call in case.disturbed):
        return None
    if not case.control.passed or case.control.passed < case.control.trials:
        return None
    last = max(case.disturbed, key=end_of)
    wanted = set(map(_request, broken))
    good = [c for c in after(last, case.calls) if is_good(c) and not modes(c) and _request(c) in wanted]
    if not good:
        return None
    return Symptom(
        f"after {names(broken)} was over, {callee(good[0])} answered {len(good)} times as it should, and the "
        "trial did not end with a correct reply all the same.",
        len(good),
    )
