"""Replies that programs read: the whole text must be JSON."""

from __future__ import annotations

from typing import Any, Literal

import orjson

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, describe, failed
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.model.verdict import Judgement


class ValidJsonRule(Rule):
    """Options of ``valid_json``: none of its own."""

    type: Literal["valid_json"] = "valid_json"


def read_json(reply: str) -> tuple[Any, Judgement | None]:
    """The value that ``reply`` is, or the failure that says where it stops being JSON.

    By the standard: no NaN, no comments, no Markdown fence around it. Nesting deeper than 1024 is not read.
    """
    try:
        return orjson.loads(reply), None
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        return None, failed(f"not JSON at {where}: {error.msg}; {describe(reply)}")


@invariant("valid_json", ValidJsonRule, Scope.CONDUCT)
def valid_json(options: ValidJsonRule) -> Check:  # noqa: ARG001 - every builder takes its options
    """The whole reply is valid JSON."""

    def check(subject: Subject) -> Judgement:
        _, failure = read_json(subject.outcome.reply or "")
        return failure or PASSED

    return check
