"""A reply that is known to the letter, or how it begins."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, describe, failed, quote
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.verdict import Judgement


class EqualsRule(Rule):
    """Options of ``equals``."""

    type: Literal["equals"] = "equals"

    value: str = Field(description="The whole expected reply")
    case_sensitive: bool = Field(False, description="Tell upper from lower case")
    strip: bool = Field(True, description="Ignore whitespace around the reply and the value")


class StartsWithRule(Rule):
    """Options of ``starts_with``."""

    type: Literal["starts_with"] = "starts_with"

    value: str = Field(min_length=1, description="How the reply must begin")
    case_sensitive: bool = Field(False, description="Tell upper from lower case")
    strip: bool = Field(True, description="Ignore whitespace before the reply and the value")


@invariant("equals", EqualsRule, Scope.ANSWER)
def equals(options: EqualsRule) -> Check:
    """The reply is exactly a text."""

    def normal(text: str) -> str:
        text = text.strip() if options.strip else text
        return text if options.case_sensitive else text.casefold()

    expected = normal(options.value)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        if normal(reply) == expected:
            return PASSED
        return failed(f"expected to equal {quote(options.value)}; {describe(reply)}")

    return check


@invariant("starts_with", StartsWithRule, Scope.ANSWER)
def starts_with(options: StartsWithRule) -> Check:
    """The reply begins with a text."""

    def normal(text: str) -> str:
        text = text.lstrip() if options.strip else text
        return text if options.case_sensitive else text.casefold()

    expected = normal(options.value)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        if normal(reply).startswith(expected):
            return PASSED
        return failed(f"expected to start with {quote(options.value)}; {describe(reply)}")

    return check
