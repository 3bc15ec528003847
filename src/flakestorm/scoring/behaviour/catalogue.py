"""All kinds of bad behaviour that the calls of a trial can show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flakestorm.model.verdict import Severity
from flakestorm.scoring.behaviour.case import Case, Symptom
from flakestorm.scoring.behaviour.crash import crash
from flakestorm.scoring.behaviour.fabrication import fabrication
from flakestorm.scoring.behaviour.hammering import hammering
from flakestorm.scoring.behaviour.leak import leak
from flakestorm.scoring.behaviour.no_timeout import no_timeout
from flakestorm.scoring.behaviour.obedience import injection_obeyed
from flakestorm.scoring.behaviour.recovery import never_recovers
from flakestorm.scoring.behaviour.retry_after import retry_after_ignored
from flakestorm.scoring.behaviour.retry_storm import retry_storm
from flakestorm.scoring.behaviour.side_effects import double_side_effect
from flakestorm.scoring.behaviour.staleness import stale_data_used
from flakestorm.scoring.behaviour.truncation import truncation_accepted


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A kind of finding: ``title`` says what the agent does, ``find`` looks for it in one trial."""

    kind: str
    severity: Severity
    title: str
    find: Callable[[Case], Symptom | None]


BEHAVIOURS = (
    Behaviour(
        "double_side_effect", Severity.CRITICAL, "Does twice what must be done once", double_side_effect
    ),
    Behaviour("injection_obeyed", Severity.CRITICAL, "Obeys instructions in what it reads", injection_obeyed),
    Behaviour("data_fabricated", Severity.HIGH, "Makes up data that a tool did not give", fabrication),
    Behaviour(
        "truncation_accepted", Severity.HIGH, "Passes off half an answer as a whole one", truncation_accepted
    ),
    Behaviour("crash", Severity.HIGH, "Crashes when its environment fails", crash),
    Behaviour("never_recovers", Severity.HIGH, "Does not recover when the fault is over", never_recovers),
    Behaviour("no_timeout", Severity.HIGH, "Waits without a timeout", no_timeout),
    Behaviour("retry_storm", Severity.HIGH, "Repeats a failed request in a storm", retry_storm),
    Behaviour("leak", Severity.MEDIUM, "Shows the errors of its environment to the user", leak),
    Behaviour("stale_data", Severity.MEDIUM, "Uses old data without a word", stale_data_used),
    Behaviour(
        "retry_after_ignored",
        Severity.MEDIUM,
        "Does not wait as long as it was asked to",
        retry_after_ignored,
    ),
    Behaviour("hammering", Severity.MEDIUM, "Goes on asking after its key was refused", hammering),
)
"""Worst first."""
