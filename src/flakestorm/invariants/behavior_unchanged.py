"""The invariant ``behavior_unchanged``: a disturbance does not change what the agent says.

It has the limits of ``similarity``: vectors do not see a negation or another number.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.embedding import EMBEDDED
from flakestorm.invariants.judgements import skipped
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.invariants.resemblance import Resemblance
from flakestorm.invariants.similarity import MODEL_HELP, NUMBERS_HELP, THRESHOLD_HELP
from flakestorm.model.verdict import Judgement

AUTO = "auto"


class BehaviorUnchangedRule(Rule):
    """Options of ``behavior_unchanged``; ``similarity_threshold`` is on the scale of all-MiniLM-L6-v2."""

    type: Literal["behavior_unchanged"] = "behavior_unchanged"
    baseline: str = Field(AUTO, min_length=1, description="'auto': the undisturbed reply; or the text itself")
    similarity_threshold: float = Field(0.75, ge=0, le=1, description=THRESHOLD_HELP)
    model: str = Field(EMBEDDED, min_length=1, description=MODEL_HELP)
    check_numbers: bool = Field(False, description=NUMBERS_HELP)


@invariant("behavior_unchanged", BehaviorUnchangedRule, Scope.ANSWER)
def build_behavior_unchanged(options: BehaviorUnchangedRule) -> Check:
    """The reply means about the same as the undisturbed reply."""
    resemblance = Resemblance(options.model, options.similarity_threshold, options.check_numbers)

    def check(subject: Subject) -> Judgement:
        baseline = subject.baseline if options.baseline == AUTO else options.baseline
        if baseline is None:
            return skipped(
                "no baseline: the undisturbed prompt got no reply to compare with; "
                "give the expected text as `baseline`"
            )
        return resemblance.judge(baseline, subject.outcome.reply or "", "the baseline")

    return check
