"""Records to count, store and show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flakestorm.model.mutation import Edit, Kind, Mutation
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus

MakeRecord = Callable[..., TrialRecord]


@pytest.fixture
def make_record() -> MakeRecord:
    """Makes a record: ``make_record("golden", status="failed", type_="noise", rule="contains")``."""

    def make(
        prompt: str = "golden",
        status: str = "passed",
        type_: str | None = "noise",
        rule: str = "contains",
        severity: Severity = Severity.MEDIUM,
        text: str = "gloden",
        repeat: int = 0,
        latency_ms: float = 5.0,
        reply: str = "the reply",
    ) -> TrialRecord:
        mutation = type_ and Mutation(
            type_, f"{type_}.op", (text,), Kind.PRESERVES_MEANING, 0, 0.3, (Edit(0, len(prompt), text),)
        )
        trial = Trial.of(GoldenPrompt((prompt,)), mutation or None, repeat=repeat)
        if status == "errored":
            error = OutcomeError(ErrorKind.STATUS, "HTTP 500")
            return TrialRecord(trial, Outcome(latency_ms, error=error, status=500), (), TrialStatus.ERRORED)
        judged = VerdictStatus(status) if status in ("passed", "failed") else VerdictStatus.SKIPPED
        verdict = Verdict(rule, rule, severity, judged, "because")
        return TrialRecord(trial, Outcome(latency_ms, reply), (verdict,), TrialStatus(status))

    return make
