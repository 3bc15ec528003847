"""The table of tool faults: what each mode does."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from flakestorm.chaos.config import ToolFault
from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults import transport
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.payloads import ORDERS, filled
from flakestorm.chaos.faults.results import breakage, damage
from flakestorm.chaos.faults.results.planting import with_instead
from flakestorm.chaos.faults.results.result import changing
from flakestorm.chaos.faults.streams import earlier_answer
from flakestorm.chaos.faults.words.failure import DEFAULT_WAIT_S, json_answer

ToolDecision = Callable[[ToolFault, Occasion], Decision]

DEFAULT_STATUS = 500


def error(fault: ToolFault, occasion: Occasion) -> Decision:
    """An HTTP error. A text in the configuration stands alone, without the probe."""
    status = DEFAULT_STATUS if fault.error_code is None else fault.error_code
    text = fault.message or f"Internal error, please contact support with reference {occasion.probe}"
    headers = tuple((fault.headers or {}).items())
    if any(name.lower() == "content-type" for name, _ in headers):
        return Part(answer=Answer(status, headers, text.encode()))
    return Part(answer=json_answer(status, {"error": {"code": status, "message": text}}, headers))


def rate_limit(fault: ToolFault, occasion: Occasion) -> Decision:
    """Status 429."""
    headers: list[tuple[str, str]] = []
    wait = fault.retry_after if "retry_after" in fault.model_fields_set else DEFAULT_WAIT_S
    if wait is not None:
        headers.append(("retry-after", wait if isinstance(wait, str) else f"{wait:g}"))
    if fault.retry_after_ms is not None:
        headers.append(("retry-after-ms", str(fault.retry_after_ms)))
    text = f"Too many requests, reference {occasion.probe}"
    return Part(answer=json_answer(429, {"error": {"code": 429, "message": text}}, tuple(headers)))


def malicious_response(fault: ToolFault, occasion: Occasion) -> Decision:
    """The tool is in the hands of an attacker: what it says is an order to the agent."""
    payload = filled(fault.payload or occasion.rng.choice(ORDERS), occasion.canary)
    return Part(rewrite=changing(lambda value: with_instead(value, payload)))


def damaged(change: Callable[[Any], Any]) -> ToolDecision:
    """Faults that change the value of a result."""
    return lambda fault, occasion: Part(rewrite=changing(change))  # noqa: ARG005 - the signature of all faults


def damaged_at_random(change: Callable[[Any, Random], Any]) -> ToolDecision:
    """The same, where something is to be chosen: the choice is made once for a call."""

    def decide(fault: ToolFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
        state = occasion.rng.getstate()

        def once(value: Any) -> Any:
            occasion.rng.setstate(state)
            return change(value, occasion.rng)

        return Part(rewrite=changing(once))

    return decide


def broken(change: Callable[[Answer], Answer]) -> ToolDecision:
    """Faults that leave something unreadable."""
    return lambda fault, occasion: Part(rewrite=change)  # noqa: ARG005 - the signature of all faults


def stale(fault: ToolFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """The first answer of the same tool in this trial, once more."""
    return earlier_answer(occasion)


TOOL_FAULTS: dict[str, ToolDecision] = {
    "error": error,
    "timeout": transport.timeout,
    "slow": transport.slow,
    "malformed": broken(breakage.malformed),
    "malicious_response": malicious_response,
    "refused": transport.refused,
    "reset": transport.reset,
    "rate_limit": rate_limit,
    "truncated": broken(breakage.truncated),
    "empty": damaged(damage.emptied),
    "null_values": damaged(damage.nulled),
    "wrong_type": damaged(damage.retyped),
    "renamed_field": damaged_at_random(damage.renamed),
    "partial": damaged(damage.partial),
    "stale": stale,
    "huge": damaged(damage.huge),
    "duplicate": damaged(damage.doubled),
    "failed_after_commit": transport.lost,
}
