"""Stale data used silently: an old result is in the reply as if it were of today."""

from __future__ import annotations

from flakestorm.scoring.behaviour.case import Case, Symptom, callee
from flakestorm.scoring.behaviour.control import ControlArm
from flakestorm.scoring.behaviour.values import known_values, values

STALE = frozenset({"stale"})


def stale_data_used(case: Case) -> Symptom | None:
    """A value of an old result is in the reply, and the reply says nothing of it.

    Either the value came from nowhere else, or every undisturbed reply has a value that this one has not
    and that no result told: then the old result stands where that would be.
    """
    old = [call for call in case.hit_by(STALE) if not case.made_good(call)]
    if not old or case.noticed:
        return None
    fresh = "\n".join(call.received for call in case.calls if call.kind != "llm" and call not in old)
    known = known_values("\n".join((*case.record.trial.turns, fresh)))
    given = values(case.said)
    used = {key for call in old for key in values(call.received) if key in given}
    missing = _usual(case.control) - set(given) - known
    used = used if missing else used - known
    if not used:
        return None
    return Symptom(
        f"{callee(old[0])} answered with old data, and the reply states {min(given[key] for key in used)!r} "
        "from it without a word about its age.",
        len(used),
    )


def _usual(control: ControlArm) -> set[str]:
    """The values that every undisturbed reply has."""
    replies = [set(values(reply)) for reply in control.replies]
    return set.intersection(*replies) if replies else set()
