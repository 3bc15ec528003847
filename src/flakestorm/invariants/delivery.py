"""Whether a reply was delivered at all, and with which status."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, errored, failed, skipped
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.outcome import AGENT_FAULTS, UNREACHABLE, ErrorKind
from flakestorm.model.verdict import Judgement


class CompletesRule(Rule):
    """Options of ``completes``: none of its own."""

    type: Literal["completes"] = "completes"


class StatusRule(Rule):
    """Options of ``status``."""

    type: Literal["status"] = "status"

    value: Annotated[
        tuple[int, ...],
        BeforeValidator(
            lambda value: (value,) if isinstance(value, int) else value,
            json_schema_input_type=int | tuple[int, ...],
        ),
        Field(min_length=1),
    ] = Field(description="Accepted HTTP status or exit code, or a list of them")


@invariant("completes", CompletesRule, Scope.CONDUCT, judges_errors=True)
def completes(options: CompletesRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """The agent gives a reply: no timeout, crash or error status."""

    def check(subject: Subject) -> Judgement:
        error = subject.outcome.error
        if error is None:
            return PASSED
        if error.kind in AGENT_FAULTS:
            return failed(f"no reply: {error.kind} ({error.message})")
        if error.kind in UNREACHABLE:
            return errored(f"the agent was not reached: {error.kind} ({error.message})")
        if error.kind is ErrorKind.UNRECORDED:
            return errored(error.message)
        return skipped(f"nothing was sent: {error.message}")

    return check


@invariant("status", StatusRule, Scope.CONDUCT, judges_errors=True)
def status(options: StatusRule) -> Check:
    """The HTTP status or the exit code is one of the accepted ones."""
    accepted = " or ".join(str(code) for code in options.value)

    def check(subject: Subject) -> Judgement:
        outcome = subject.outcome
        if outcome.status in options.value:
            return PASSED
        if outcome.status is not None:
            return failed(f"status {outcome.status}; accepted is {accepted}")
        if outcome.error is not None:
            return errored(f"no status: {outcome.error.kind} ({outcome.error.message})")
        return errored("this kind of agent gives no status: neither an HTTP status nor an exit code")

    return check
