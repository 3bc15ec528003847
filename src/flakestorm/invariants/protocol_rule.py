"""What the rules about attacks on the protocol share: they look at the wire, and say nothing without one."""

from __future__ import annotations

from collections.abc import Callable

from flakestorm.invariants.judgements import skipped
from flakestorm.invariants.registry import Check, Subject
from flakestorm.model.attack import Attack
from flakestorm.model.verdict import Judgement
from flakestorm.model.wire import Wire

NO_WIRE = skipped("only attacks on the protocol are judged by it, and this trial is none that was sent")

WireCheck = Callable[[Attack, Wire, Subject], Judgement]


def wire_check(check: WireCheck) -> Check:
    """``check`` for subjects in general: without an attack that was sent it is skipped."""

    def checked(subject: Subject) -> Judgement:
        mutation, wire = subject.trial.mutation, subject.outcome.wire
        if mutation is None or mutation.attack is None or wire is None:
            return NO_WIRE
        return check(mutation.attack, wire, subject)

    return checked
