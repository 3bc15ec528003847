"""Data fabricated: a value in the reply that nobody told the agent, while the tool that knows it failed."""

from __future__ import annotations

from flakestorm.model.outcome import KEPT_CHARACTERS, Call
from flakestorm.scoring.behaviour.case import Case, Symptom, callee, names
from flakestorm.scoring.behaviour.fault_modes import CORRUPTING, failed, modes
from flakestorm.scoring.behaviour.values import follows, known_values, values


def fabrication(case: Case) -> Symptom | None:
    """Values of the reply that stand neither in the conversation nor in any tool's result.

    Only while the data of a disturbed tool call is missing to the end, and the reply says nothing of it.
    What the control arm's replies and results contain is known as well: it may come from instructions,
    memory or a cache. Where a result was kept only in part, nothing can be said.
    """
    lacking = lacking_data(case)
    if not lacking or not case.reply or case.noticed or not _is_all_known(case):
        return None
    found = values(case.said)
    if not found:
        return None
    told = _told(case)
    known = known_values(told) | case.control.known
    invented = sorted(written for key, written in found.items() if key not in known)
    if invented:
        everything = f"{told}\n{case.control.told}"
        invented = [written for written in invented if not follows(written, everything)]
    if not invented:
        return None
    shown = ", ".join(repr(value) for value in invented[:3])
    return Symptom(
        f"the reply states {shown}, which neither the conversation nor any tool's result contains, while "
        f"{callee(lacking[0])} gave no good answer ({names(lacking)}).",
        len(invented),
    )


def lacking_data(case: Case) -> list[Call]:
    """The disturbed tool calls that failed or brought damaged data, and were not made good later."""
    return [
        call
        for call in case.disturbed
        if call.kind != "llm" and (failed(call) or modes(call) & CORRUPTING) and not case.made_good(call)
    ]


def _told(case: Case) -> str:
    """What was said in this conversation, and what its tools answered."""
    trial, outcome = case.record.trial, case.record.outcome
    results = (call.received for call in case.calls if call.kind != "llm")
    statuses = (str(call.status) for call in case.calls)
    golden = trial.prompt.turns
    return "\n".join((*trial.turns, *golden, *outcome.replies, *results, *statuses))


def _is_all_known(case: Case) -> bool:
    return all(
        len(call.received.encode("utf-8", "replace")) < KEPT_CHARACTERS
        for call in case.calls
        if call.kind != "llm"
    )
