"""Regular expressions that the reply must, or must not, match."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import MOST_SPANS, PASSED, describe, errored, failed, passed
from flakestorm.invariants.patterns import Pattern, Search
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.verdict import Judgement


class RegexRule(Rule):
    """Options of ``regex``."""

    type: Literal["regex"] = "regex"
    pattern: Pattern = Field(description="Regular expression to find in the reply; . matches newlines, too")


class ExcludesPatternRule(Rule):
    """Options of ``excludes_pattern``."""

    type: Literal["excludes_pattern"] = "excludes_pattern"
    pattern: Pattern | None = Field(None, description="Regular expression that must not match; any case")
    patterns: tuple[Pattern, ...] = Field((), description="Several such regular expressions")

    @model_validator(mode="after")
    def _names_something(self) -> ExcludesPatternRule:
        if self.pattern is None and not self.patterns:
            raise ValueError("give 'pattern' (one regular expression) or 'patterns' (a list of them)")
        return self

    @property
    def all_patterns(self) -> tuple[str, ...]:
        """Everything that must not match."""
        return self.patterns if self.pattern is None else (self.pattern, *self.patterns)


@invariant("regex", RegexRule, Scope.ANSWER)
def regex(options: RegexRule) -> Check:
    """The reply matches a regular expression somewhere."""
    search = Search(options.pattern, re.DOTALL)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        try:
            spans = search.spans(reply)
        except TimeoutError as error:
            return errored(str(error))
        if not spans:
            return failed(f"expected to match /{options.pattern}/; {describe(reply)}")
        return passed(*spans) if options.negate else PASSED

    return check


@invariant("excludes_pattern", ExcludesPatternRule, Scope.CONDUCT)
def excludes_pattern(options: ExcludesPatternRule) -> Check:
    """The reply matches none of some regular expressions; upper and lower case are the same."""
    searches = tuple(Search(pattern, re.IGNORECASE) for pattern in options.all_patterns)

    def check(subject: Subject) -> Judgement:
        reply = subject.outcome.reply or ""
        try:
            tried = [(search.pattern, search.spans(reply, MOST_SPANS)) for search in searches]
        except TimeoutError as error:
            return errored(str(error))
        found = [(pattern, spans) for pattern, spans in tried if spans]
        if not found:
            return PASSED
        evidence = sorted(span for _, spans in found for span in spans if span[0] < span[1])
        names = ", ".join(f"/{pattern}/" for pattern, _ in found)
        return failed(f"matches {names}, which must not be there", evidence)

    return check
