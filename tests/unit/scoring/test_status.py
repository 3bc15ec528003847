"""How verdicts become the status of a trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialStatus
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.status import conclude, set_aside

TRIAL = Trial.of(GoldenPrompt(("hello",)))
REPLY = Outcome(1.0, "fine")
UNSENDABLE = Outcome(1.0, error=OutcomeError(ErrorKind.UNSENDABLE, "NUL in an argument"))
ERROR = Outcome(1.0, error=OutcomeError(ErrorKind.STATUS, "HTTP 500"))


def verdicts(*statuses: str) -> tuple[Verdict, ...]:
    """One verdict for each status, of rules named r0, r1 …"""
    return tuple(
        Verdict(f"r{number}", "contains", Severity.LOW, VerdictStatus(status))
        for number, status in enumerate(statuses)
    )


@pytest.mark.parametrize(
    ("outcome", "given", "expected"),
    [
        (REPLY, ("passed", "passed"), "passed"),
        (REPLY, ("passed", "failed", "errored"), "failed"),
        (REPLY, ("passed", "errored"), "errored"),
        (REPLY, ("skipped",), "skipped"),
        (REPLY, (), "skipped"),
        (ERROR, ("errored",), "errored"),
        (ERROR, (), "errored"),
        (ERROR, ("passed",), "errored"),
        (ERROR, ("failed",), "failed"),
        (UNSENDABLE, ("errored",), "skipped"),
    ],
)
def test_status(outcome: Outcome, given: tuple[str, ...], expected: str) -> None:
    """A failure outweighs an error, an error outweighs a pass, and an error never passes."""
    assert conclude(TRIAL, outcome, verdicts(*given))[0] is TrialStatus(expected)


def test_a_scenario_that_injected_nothing_proves_nothing() -> None:
    """Proof of injection: without a fired fault the trial is inconclusive, with one it counts."""
    trial = replace(TRIAL, scenario="api_outage")
    status, note = conclude(trial, REPLY, verdicts("passed"))
    assert status is TrialStatus.INCONCLUSIVE
    assert "api_outage" in note
    fired = replace(REPLY, calls=(Call("llm", "openai", 0, 1, 503, ("server_error",)),))
    assert conclude(trial, fired, verdicts("passed"))[0] is TrialStatus.PASSED


def test_rules_that_fail_undisturbed_are_set_aside_either_way() -> None:
    """A broken rule neither fails nor passes a disturbed trial; alone it leaves it inconclusive."""
    for status in ("passed", "failed"):
        only = set_aside(verdicts(status), {"r0"})
        assert conclude(TRIAL, REPLY, only)[0] is TrialStatus.INCONCLUSIVE
    both = set_aside(verdicts("failed", "passed"), {"r0"})
    assert conclude(TRIAL, REPLY, both)[0] is TrialStatus.PASSED
