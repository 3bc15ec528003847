"""Whether an error page tells an attacker how the agent is built."""

from __future__ import annotations

from typing import Literal

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, failed, quote
from flakestorm.invariants.protocol_rule import wire_check
from flakestorm.invariants.protocol_traces import DEBUG_PAGES, STACK_TRACES, compiled
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.attack import Attack
from flakestorm.model.verdict import Judgement, Severity
from flakestorm.model.wire import Wire


class NoStackTraceRule(Rule):
    """Options of ``no_stack_trace``: none of its own."""

    type: Literal["no_stack_trace"] = "no_stack_trace"
    severity: Severity = Severity.HIGH


class NoDebugPageRule(Rule):
    """Options of ``no_debug_page``: none of its own."""

    type: Literal["no_debug_page"] = "no_debug_page"
    severity: Severity = Severity.CRITICAL


@invariant("no_stack_trace", NoStackTraceRule, Scope.PROTOCOL, judges_errors=True)
def no_stack_trace(options: NoStackTraceRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """No answer to a malformed request holds a stack trace."""
    return _absent(STACK_TRACES, "a stack trace")


@invariant("no_debug_page", NoDebugPageRule, Scope.PROTOCOL, judges_errors=True)
def no_debug_page(options: NoDebugPageRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """No answer to a malformed request is a framework's debug page."""
    return _absent(DEBUG_PAGES, "a debug page")


def _absent(table: dict[str, str], what: str) -> Check:
    shapes = compiled(table)

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - any attack will do
        # What the user asked about, or gets without any attack, is not disclosed by the attack.
        usual = "\n".join((*subject.trial.turns, subject.baseline or ""))
        for exchange in wire.exchanges:
            for name, shape in shapes:
                match = shape.search(exchange.body)
                if match is None or shape.search(usual):
                    continue
                shown = exchange is wire.telling
                return failed(f"{what} of {name}: {quote(match[0])}", [match.span()] if shown else [])
        return PASSED

    return wire_check(check)
