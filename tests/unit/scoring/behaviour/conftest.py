"""Trials with calls, made in one line each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.control import ControlArm

MakeCase = Callable[..., Case]
PROMPT = GoldenPrompt(("Where is my order 48213?",))


@pytest.fixture
def make_trial() -> Callable[..., TrialRecord]:
    """Makes a record of a trial: calls, what the agent said (or how it failed), and how it was judged."""

    def make(
        *calls: Call,
        reply: str | None = "It is on its way.",
        scenario: str = "storm",
        status: str = "passed",
        error: str = "",
        http: int | None = None,
        latency_ms: float = 1000.0,
        repeat: int = 0,
        canary: str = "",
        prompt: GoldenPrompt = PROMPT,
    ) -> TrialRecord:
        trial = Trial.of(prompt, scenario=scenario, repeat=repeat)
        failure = OutcomeError(ErrorKind(error), f"the agent: {error}") if error else None
        outcome = Outcome(latency_ms, None if failure else reply, failure, status=http, calls=calls)
        verdicts = ()
        if canary:
            verdicts = (
                Verdict("canary", "canary", Severity.CRITICAL, VerdictStatus(canary), "gave it back"),
            )
        return TrialRecord(trial, outcome, verdicts, TrialStatus(status))

    return make


@pytest.fixture
def make_case(make_trial: Callable[..., TrialRecord]) -> MakeCase:
    """Makes a case: as ``make_trial``, with the control arm's ``undisturbed`` calls and ``usual`` reply."""

    def make(
        *calls: Call,
        undisturbed: tuple[Call, ...] = (Call("llm", "gpt", 0.0, 10.0, 200),),
        usual: str = "It is on its way.",
        usually: str = "passed",
        **trial: object,
    ) -> Case:
        control = ControlArm()
        for repeat in range(3):
            control.add(
                make_trial(*undisturbed, reply=usual, scenario=NO_CHAOS, status=usually, repeat=repeat)
            )
        return Case(make_trial(*calls, **trial), control)

    return make
