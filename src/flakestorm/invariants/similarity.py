"""The invariant ``similarity``: the reply means about what the user expects.

Vectors see topics, not logic: a negation, another number or another weekday moves the score by a few
hundredths. Combine it with ``contains``, ``regex`` or ``check_numbers`` where such a detail matters.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.embedding import EMBEDDED
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.invariants.resemblance import Resemblance
from flakestorm.model.verdict import Judgement

MODEL_HELP = "'embedded', or a sentence-transformers name or folder (needs flakestorm[semantic])"
THRESHOLD_HELP = "Least similarity, on the scale of all-MiniLM-L6-v2"
NUMBERS_HELP = "Every number of the expected text must be in the reply, too"


class SimilarityRule(Rule):
    """Options of ``similarity``; ``threshold`` is on the scale of all-MiniLM-L6-v2."""

    type: Literal["similarity"] = "similarity"
    expected: str = Field(min_length=1, description="What a good reply says")
    threshold: float = Field(0.8, ge=0, le=1, description=THRESHOLD_HELP)
    model: str = Field(EMBEDDED, min_length=1, description=MODEL_HELP)
    check_numbers: bool = Field(False, description=NUMBERS_HELP)


@invariant("similarity", SimilarityRule, Scope.ANSWER)
def build_similarity(options: SimilarityRule) -> Check:
    """The reply means about the same as an expected text."""
    resemblance = Resemblance(options.model, options.threshold, options.check_numbers)

    def check(subject: Subject) -> Judgement:
        return resemblance.judge(options.expected, subject.outcome.reply or "", "the expected text")

    return check
