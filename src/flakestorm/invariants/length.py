"""How much the agent says: not nothing, not too little, not too much."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, describe, failed
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.verdict import Judgement


class LengthRule(Rule):
    """Options of ``length``."""

    type: Literal["length"] = "length"

    min: int | None = Field(None, ge=0, description="Shortest allowed reply")
    max: int | None = Field(None, ge=0, description="Longest allowed reply")
    unit: Literal["chars", "words"] = Field("chars", description="What is counted")

    @model_validator(mode="after")
    def _is_a_range(self) -> LengthRule:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min}) is larger than max ({self.max})")
        return self


class OutputNotEmptyRule(Rule):
    """Options of ``output_not_empty``: none of its own."""

    type: Literal["output_not_empty"] = "output_not_empty"


@invariant("length", LengthRule, Scope.CONDUCT)
def length(options: LengthRule) -> Check:
    """The reply has an allowed number of characters or words."""
    unit = "characters" if options.unit == "chars" else "words"

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        count = len(reply) if options.unit == "chars" else len(reply.split())
        if options.min is not None and count < options.min:
            return failed(f"{count} {unit}; at least {options.min} are expected; {describe(reply)}")
        if options.max is not None and count > options.max:
            return failed(f"{count} {unit}; at most {options.max} are allowed; {describe(reply)}")
        return PASSED

    return check


@invariant("output_not_empty", OutputNotEmptyRule, Scope.CONDUCT)
def output_not_empty(options: OutputNotEmptyRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """The reply has at least one visible character."""

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        # `isprintable` is false for zero-width and control characters, so a reply of those is empty too.
        if any(char.isprintable() and not char.isspace() for char in reply):
            return PASSED
        return failed(f"nothing visible; {describe(reply)}")

    return check
