"""Truncated answer accepted as complete: half an answer of the language model, passed off as a whole one."""

from __future__ import annotations

from flakestorm.scoring.behaviour.case import Case, Symptom, callee, names
from flakestorm.scoring.behaviour.fault_modes import TRUNCATING


def truncation_accepted(case: Case) -> Symptom | None:
    """The last answer of the language model was cut, and the reply does not say that anything is missing.

    A cut answer that the agent asked for again does not count, whatever it got then.
    """
    answers = [call for call in case.calls if call.kind == "llm"]
    cut = [call for call in answers[-1:] if call in case.hit_by(TRUNCATING)]
    if not cut or not case.reply.strip() or case.noticed:
        return None
    return Symptom(
        f"the last answer of {callee(cut[0])} was cut ({names(cut)}); the agent replied with "
        f"{len(case.reply):,} characters and not a word about it.",
        -len(case.calls),
    )
