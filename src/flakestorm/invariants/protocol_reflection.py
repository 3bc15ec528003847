"""Whether an answer holds what it must not: a planted header, or something of another client's request."""

from __future__ import annotations

from typing import Literal

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, failed, quote, skipped
from flakestorm.invariants.protocol_rule import wire_check
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.attack import Attack
from flakestorm.model.verdict import Judgement, Severity
from flakestorm.model.wire import Wire, WireExchange

HTML = ("text/html", "application/xhtml")
ECHOED_REQUEST = "message/http"
"""What TRACE answers with: the whole request, keys and cookies included."""

ALLOW_ORIGIN, ALLOW_CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"


class NoReflectedHeaderRule(Rule):
    """Options of ``no_reflected_header``: none of its own."""

    type: Literal["no_reflected_header"] = "no_reflected_header"
    severity: Severity = Severity.HIGH


class OwnReplyRule(Rule):
    """Options of ``own_reply``: none of its own."""

    type: Literal["own_reply"] = "own_reply"
    severity: Severity = Severity.CRITICAL


@invariant("no_reflected_header", NoReflectedHeaderRule, Scope.PROTOCOL, judges_errors=True)
def no_reflected_header(options: NoReflectedHeaderRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """A value planted in a request comes back neither as a response header nor as HTML."""

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - the wire is enough
        if not attack.marker:
            return skipped("this attack plants nothing")
        for exchange in wire.exchanges:
            problem = _reflected_in_head(attack, exchange) or _reflected_in_body(attack.marker, exchange)
            if problem:
                return failed(problem)
        return PASSED

    return wire_check(check)


@invariant("own_reply", OwnReplyRule, Scope.PROTOCOL, judges_errors=True)
def own_reply(options: OwnReplyRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """Of several clients at once, none gets to see anything of another's request."""

    def check(attack: Attack, wire: Wire, subject: Subject) -> Judgement:  # noqa: ARG001 - the wire is enough
        if not attack.crowd.marked:
            return skipped("the clients of this attack all send the same")
        markers = [exchange.marker for exchange in wire.exchanges]
        for exchange in wire.exchanges:
            foreign = [m for m in markers if m != exchange.marker and m in exchange.body]
            if foreign:
                return failed(
                    f"the answer to the request with {exchange.marker} has {foreign[0]} in it, which only "
                    f"another client sent: {quote(exchange.body)}"
                )
        if not any(exchange.marker in exchange.body for exchange in wire.exchanges):
            return skipped("no answer repeats anything of its request, so nobody can tell whose it is")
        return PASSED

    return wire_check(check)


def _reflected_in_head(attack: Attack, exchange: WireExchange) -> str:
    """Where the marker came back as a header; in values it counts only if it was sent in a header."""
    marker = attack.marker.lower()
    in_headers = any(marker in piece.text.lower() for piece in attack.headers)
    for name, value in exchange.headers:
        if marker in name.lower():
            return f"the answer has a header that the request smuggled in: {quote(f'{name}: {value}')}"
        if not in_headers or marker not in value.lower():
            continue
        if name.lower() == ALLOW_ORIGIN and exchange.header(ALLOW_CREDENTIALS).lower() != "true":
            # Any origin may read what needs no credentials: the same as "*", and often meant so.
            continue
        return f"a header of the request came back in the answer's {quote(f'{name}: {value}')}"
    return ""


def _reflected_in_body(marker: str, exchange: WireExchange) -> str:
    kind = exchange.header("content-type").lower()
    body = exchange.body.lower()
    if kind.startswith(HTML):
        at = body.find(f"<{marker.lower()}")
        if at >= 0:
            return f"a header of the request came back unescaped in HTML: {quote(exchange.body[at:])}"
    if kind.startswith(ECHOED_REQUEST) and marker.lower() in body:
        return "the answer repeats the whole request with its headers, so scripts can read cookies and keys"
    return ""
