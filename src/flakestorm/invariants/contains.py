"""Words that the reply must, or must not, contain; upper and lower case are the same."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, describe, failed, occurrences, passed, quote
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.verdict import Judgement

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]


class ContainsRule(Rule):
    """Options of ``contains``."""

    type: Literal["contains"] = "contains"

    value: Text = Field(description="Text that must be in the reply; case does not matter")


class ContainsAnyRule(Rule):
    """Options of ``contains_any``."""

    type: Literal["contains_any"] = "contains_any"

    values: Texts = Field(description="Texts of which one must be in the reply; case does not matter")


class ContainsAllRule(Rule):
    """Options of ``contains_all``."""

    type: Literal["contains_all"] = "contains_all"
    values: Texts = Field(description="Texts that must all be in the reply; case does not matter")


class NotContainsRule(Rule):
    """Options of ``not_contains``."""

    type: Literal["not_contains"] = "not_contains"

    value: Text | None = Field(None, description="Text that must not be in the reply; case does not matter")
    values: tuple[Text, ...] = Field((), description="Several such texts")

    @model_validator(mode="after")
    def _names_something(self) -> NotContainsRule:
        if self.value is None and not self.values:
            raise ValueError("give 'value' (one text) or 'values' (a list of texts) that must not be there")
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that must not be in the reply."""
        return self.values if self.value is None else (self.value, *self.values)


@invariant("contains", ContainsRule, Scope.ANSWER)
def contains(options: ContainsRule) -> Check:
    """The reply contains a text."""
    return _any_of((options.value,), options.negate)


@invariant("contains_any", ContainsAnyRule, Scope.ANSWER)
def contains_any(options: ContainsAnyRule) -> Check:
    """The reply contains at least one of several texts."""
    return _any_of(options.values, options.negate)


def _any_of(values: tuple[str, ...], locate: bool) -> Check:
    folded = tuple(value.casefold() for value in values)
    expected = " or ".join(quote(value) for value in values)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        text = reply.casefold()
        for word in folded:
            if word in text:
                # Places matter only where a presence is the failure: under `negate`.
                return passed(*occurrences(reply, word)) if locate else PASSED
        return failed(f"expected to contain {expected}; {describe(reply)}")

    return check


@invariant("contains_all", ContainsAllRule, Scope.ANSWER)
def contains_all(options: ContainsAllRule) -> Check:
    """The reply contains every one of several texts."""
    folded = tuple((value, value.casefold()) for value in options.values)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        text = reply.casefold()
        missing = [quote(value) for value, word in folded if word not in text]
        if not missing:
            return PASSED
        return failed(f"expected to contain also {', '.join(missing)}; {describe(reply)}")

    return check


@invariant("not_contains", NotContainsRule, Scope.CONDUCT)
def not_contains(options: NotContainsRule) -> Check:
    """The reply contains none of some texts."""
    folded = tuple((value, value.casefold()) for value in options.texts)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        text = reply.casefold()
        found = [(value, word) for value, word in folded if word in text]
        if not found:
            return PASSED
        spans = sorted(span for _, word in found for span in occurrences(reply, word))
        return failed(
            f"contains {', '.join(quote(value) for value, _ in found)}, which must not be there", spans
        )

    return check
