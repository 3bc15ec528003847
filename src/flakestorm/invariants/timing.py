"""How fast the reply came."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, errored, failed
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.verdict import Judgement


class LatencyRule(Rule):
    """Options of ``latency``."""

    type: Literal["latency"] = "latency"

    max_ms: float = Field(gt=0, description="Longest time in milliseconds until the reply is complete")


class TimeToFirstByteRule(Rule):
    """Options of ``time_to_first_byte``."""

    type: Literal["time_to_first_byte"] = "time_to_first_byte"

    max_ms: float = Field(gt=0, description="Longest time in milliseconds until the reply begins")


@invariant("latency", LatencyRule, Scope.CONDUCT)
def latency(options: LatencyRule) -> Check:
    """The reply is complete within a time."""
    limit = options.max_ms

    def check(subject: Subject) -> Judgement:
        took = subject.outcome.latency_ms
        if took <= limit:
            return PASSED
        return failed(f"took {took:.0f} ms; at most {limit:g} ms are allowed")

    return check


@invariant("time_to_first_byte", TimeToFirstByteRule, Scope.CONDUCT)
def time_to_first_byte(options: TimeToFirstByteRule) -> Check:
    """The reply begins within a time."""
    limit = options.max_ms

    def check(subject: Subject) -> Judgement:
        took = subject.outcome.first_byte_ms
        if took is None:
            return errored("this kind of agent does not tell when the reply began; use the rule 'latency'")
        if took <= limit:
            return PASSED
        return failed(f"the first byte took {took:.0f} ms; at most {limit:g} ms are allowed")

    return check
