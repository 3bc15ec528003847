"""Double side effect: an amount paid twice, because the first success looked like a failure."""

from __future__ import annotations

import re

from flakestorm.model.outcome import Call
from flakestorm.scoring.behaviour.case import Case, Symptom, after
from flakestorm.scoring.behaviour.fault_modes import DELIVERED, is_good, modes

EFFECTS = frozenset({"POST", "PATCH"})
"""Methods that do something again when they are repeated; PUT and DELETE leave the same state behind."""
OF_FUNCTION = "CALL"
"""The method of a tool that is a Python function: only its name tells whether it does something."""
DUPLICATED = frozenset({"duplicate_tool_call"})
_READS = re.compile(
    r"(?:get|list|search|find|fetch|read|look ?up|query|check|show|count|describe)", re.IGNORECASE
)
_ACTS = re.compile(
    r"(?i:refund|pay|charge|transfer|withdraw|deposit|redeem|buy|purchase|book|reserve|place|send|notify|publish"
    r"|submit|create)(?![a-z])(?!_?(?i:status|state|info|details|history|list|search|lookup|summary|id|number))"
)
"""Names such as ``refund``, ``send_email`` and ``bookFlight``, and not ``payment`` or ``refund_status``."""


def double_side_effect(case: Case) -> Symptom | None:
    """The same request with an effect, carried out twice upstream though it was not when undisturbed.

    Either a call ``failed_after_commit`` and was repeated, or the model named a tool call twice and the agent
    made both. Tools whose name says that they only read do not count; of Python functions only those do whose
    name says that they act.
    """
    if case.control.most_equal > 1:
        return None
    done = [found for request in case.requests if _has_effect(request[0]) and (found := _done(request, case))]
    if not done:
        return None
    first, others = max(done, key=lambda found: len(found[1]))
    why = (
        "the first one succeeded and looked like a failure"
        if modes(first) & DELIVERED
        else "the model had named one tool call twice"
    )
    return Symptom(
        f"{first.method} '{first.name}' was carried out {len(others) + 1} times with the same content: "
        f"{why}.",
        len(others),
    )


def _has_effect(call: Call) -> bool:
    if call.kind == "llm":
        return False
    if call.method == OF_FUNCTION:
        return _ACTS.match(call.name) is not None
    return call.method.upper() in EFFECTS and not _READS.match(call.name)


def _done(request: list[Call], case: Case) -> tuple[Call, list[Call]] | None:
    """(the call that should have been the only one, the further ones that were carried out)."""
    committed = [call for call in request if modes(call) & DELIVERED]
    if committed:
        first = committed[0]
        others = [call for call in after(first, request) if _is_carried_out(call)]
    else:
        carried_out = [call for call in request if is_good(call)]
        tempted = any(after(asked, carried_out) for asked in case.hit_by(DUPLICATED))
        if not tempted:
            return None
        first, others = carried_out[0], carried_out[1:]
    return (first, others) if others else None


def _is_carried_out(call: Call) -> bool:
    return is_good(call) or bool(modes(call) & DELIVERED)
