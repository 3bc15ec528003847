"""Crash: the agent itself breaks when something that it depends on does."""

from __future__ import annotations

from flakestorm.model.outcome import ErrorKind
from flakestorm.scoring.behaviour.case import Case, Symptom, names

HTTP_FIRST = 300
"""A status below this, on an error, is the exit code of a program: HTTP's own errors are above."""


def crash(case: Case) -> Symptom | None:
    """An exception, the end of its process or a server error in a trial in which a fault fired."""
    outcome = case.record.outcome
    if not case.disturbed or outcome.error is None or not is_crash(outcome.error.kind, outcome.status):
        return None
    if case.control.trials and not case.control.passed:
        return None
    return Symptom(f"when {names(case.disturbed)} fired: {outcome.error.message[:200]}", -len(case.calls))


def is_crash(kind: ErrorKind, status: int | None) -> bool:
    """Whether the agent broke, as opposed to refusing, being slow or answering in a wrong form."""
    if kind is ErrorKind.STATUS:
        return status is not None and (status >= 500 or status < HTTP_FIRST)
    return kind in (ErrorKind.EXCEPTION, ErrorKind.DIED)
