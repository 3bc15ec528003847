"""Whether an attack harms anybody but the attacker: the other clients meanwhile, and everybody afterwards."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, failed
from flakestorm.invariants.protocol_rule import wire_check
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.attack import Attack
from flakestorm.model.verdict import Judgement, Severity
from flakestorm.model.wire import Wire

SLOWDOWN = 10
"""Others may take this many times as long as undisturbed."""


class OthersServedRule(Rule):
    """Options of ``others_served``."""

    type: Literal["others_served"] = "others_served"
    severity: Severity = Severity.HIGH

    max_ms: float = Field(
        2000,
        gt=0,
        description="Milliseconds that an ordinary request may always take during an attack; "
        f"above it, {SLOWDOWN} times what it took just before",
    )


class HealthyAfterwardsRule(Rule):
    """Options of ``healthy_afterwards``: none of its own."""

    type: Literal["healthy_afterwards"] = "healthy_afterwards"
    severity: Severity = Severity.CRITICAL


@invariant("others_served", OthersServedRule, Scope.PROTOCOL, judges_errors=True)
def others_served(options: OthersServedRule) -> Check:
    """While a client attacks, ordinary requests of others are answered, and about as fast as before."""

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - the wire is enough
        heartbeat = wire.heartbeat
        if heartbeat.failed:
            total = heartbeat.served + heartbeat.failed
            return failed(
                f"{heartbeat.failed} of {total} ordinary requests on other connections failed: "
                f"{heartbeat.problem}"
            )
        limit = max(options.max_ms, SLOWDOWN * heartbeat.undisturbed_ms)
        if heartbeat.worst_ms > limit:
            return failed(
                f"an ordinary request on another connection took {heartbeat.worst_ms:.0f} ms; just before "
                f"the attack one took {heartbeat.undisturbed_ms:.0f} ms"
            )
        return PASSED

    return wire_check(check)


@invariant("healthy_afterwards", HealthyAfterwardsRule, Scope.PROTOCOL, judges_errors=True)
def healthy_afterwards(options: HealthyAfterwardsRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """After an attack the golden prompt is answered as before."""

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - the wire is enough
        if wire.unhealthy:
            return failed(f"the golden prompt was answered before, and not afterwards: {wire.unhealthy}")
        return PASSED

    return wire_check(check)
