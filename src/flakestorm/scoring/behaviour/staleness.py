"""Stale data used silently: an old result is in the reply as if it were of today."""

from __future__ import annotations

from flakestorm.scoring.behaviour.case import Case, Symptom, callee
from flakestorm.scoring.behaviour.values import known_values, values

STALE = frozenset({"stale"})


def stale_data_used(case: Case) -> Symptom | None:
    """A value of a stale result is in the reply, came from nowhere else, and the reply says nothing of it."""
    old = [call for call in case.hit_by(STALE) if not case.made_good(call)]
    if not old or case.noticed:
        return None
    fresh = "\n".join(call.received for call in case.calls if call.kind != "llm" and call not in old)
    known = known_values("\n".join((*case.record.trial.turns, fresh)))
    given = values(case.said)
    used = sorted(
        given[key] for call in old for key in set(values(call.received)) & set(given) if key not in known
    )
    if not used:
        return None
    return Symptom(
        f"{callee(old[0])} answered with old data, and the reply states {used[0]!r} from it without a word "
        "about its age.",
        len(used),
    )
