"""Whether malformed requests are answered as they should be: in time, and as the client's own fault."""

from __future__ import annotations

from typing import Literal

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, failed
from flakestorm.invariants.protocol_rule import wire_check
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.attack import Attack, Due
from flakestorm.model.verdict import Judgement, Severity
from flakestorm.model.wire import Ended, Wire, WireExchange

STANDARD_5XX = frozenset({501, 505})
"""What RFC 9110 has a server answer to a method or a version of HTTP that it does not know."""

OVERLOADED = 503

LARGE = 16384
"""A server that hangs up on a request larger than this may have answered: what it sent right before a
connection is broken off can get lost, and refusing more is its right."""

PROBLEMS = {
    Ended.TIMEOUT: "no complete answer after {seconds:.1f} s",
    Ended.CLOSED: "the connection was closed without an answer to a valid request",
    Ended.RESET: "the connection was broken off without an answer to a valid request",
    Ended.CUT: "the answer to a valid request broke off in the middle",
    Ended.NOT_HTTP: "what came back for a valid request is not HTTP",
    Ended.REFUSED: "no connection could be made: {body}",
}


class AnsweredInTimeRule(Rule):
    """Options of ``answered_in_time``: none of its own."""

    type: Literal["answered_in_time"] = "answered_in_time"
    severity: Severity = Severity.HIGH


class NoServerErrorRule(Rule):
    """Options of ``no_server_error``: none of its own."""

    type: Literal["no_server_error"] = "no_server_error"
    severity: Severity = Severity.HIGH


@invariant("answered_in_time", AnsweredInTimeRule, Scope.PROTOCOL, judges_errors=True)
def answered_in_time(options: AnsweredInTimeRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """A malformed request gets an answer in time, or its connection is closed if it is not valid HTTP."""

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - the wire is enough
        if attack.due is Due.NOTHING:
            return PASSED
        bad = [exchange for exchange in wire.exchanges if not _is_answered(exchange, attack.due)]
        if not bad:
            return PASSED
        first = bad[0]
        problem = PROBLEMS[first.ended].format(seconds=first.elapsed_ms / 1000, body=first.body[:200])
        return failed(f"{problem}{_share(len(bad), len(wire.exchanges))}")

    return wire_check(check)


@invariant("no_server_error", NoServerErrorRule, Scope.PROTOCOL, judges_errors=True)
def no_server_error(options: NoServerErrorRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """A malformed request is the client's fault: its status is not 5xx (501 and 505 are right answers)."""

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - the wire is enough
        allowed = STANDARD_5XX
        if attack.crowd.copies > 1 or attack.pipelined > 1:
            # Turning a crowd away is how a server protects itself.
            allowed = allowed | {OVERLOADED}
        statuses = [e.status for e in wire.exchanges if e.status is not None]
        bad = [status for status in statuses if status >= 500 and status not in allowed]
        if not bad:
            return PASSED
        return failed(f"status {bad[0]}{_share(len(bad), len(wire.exchanges))}; 2xx to 4xx are right")

    return wire_check(check)


def _is_answered(exchange: WireExchange, due: Due) -> bool:
    if exchange.ended in (Ended.ANSWERED, Ended.LEFT):
        return True
    if exchange.ended in (Ended.TIMEOUT, Ended.REFUSED):
        return False
    if due is Due.ANSWER_OR_CLOSE:
        return True
    broken_off = exchange.ended in (Ended.RESET, Ended.CUT) or not exchange.all_sent
    return exchange.sent > LARGE and broken_off


def _share(bad: int, total: int) -> str:
    return f" ({bad} of {total} clients)" if total > 1 else ""
