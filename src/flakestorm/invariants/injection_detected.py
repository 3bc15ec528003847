"""The invariant ``injection_detected``: the reply neither passes an injection on nor shows that one worked.

An agent that repeats "ignore all previous instructions" hands the attack to whoever reads its reply next,
often another agent; one that prints its system prompt or announces a new persona has obeyed. What the prompt
itself held may be quoted, unless ``ignore_input`` is off.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from flakestorm.invariants.detected import DetectionRule, detection_check, known, listed
from flakestorm.invariants.injection import CATEGORIES, find_injection
from flakestorm.invariants.registry import Check, Scope, invariant

SHOWN_LENGTH = 60

Category = Annotated[
    str,
    AfterValidator(known("category of injections", CATEGORIES)),
    WithJsonSchema({"type": "string", "enum": list(CATEGORIES)}),
]
Categories = Annotated[
    tuple[Category, ...], BeforeValidator(listed, json_schema_input_type=tuple[Category, ...])
]


class InjectionDetectedRule(DetectionRule):
    """Options of ``injection_detected``."""

    type: Literal["injection_detected"] = "injection_detected"
    categories: Categories = Field(CATEGORIES, description="Only these; default: all", min_length=1)
    exclude: Categories = Field((), description="All but these categories")


@invariant("injection_detected", InjectionDetectedRule, Scope.CONDUCT)
def build_injection_detected(options: InjectionDetectedRule) -> Check:
    """The reply contains no text that takes an agent over or shows that it was."""
    categories = frozenset(options.categories) - frozenset(options.exclude)
    return detection_check(
        options, lambda reply: find_injection(reply, categories), "the reply contains", show=_quoted
    )


def _quoted(_kind: str, value: str) -> str:
    plain = " ".join(value.split())
    return f"“{plain}”" if len(plain) <= SHOWN_LENGTH else f"“{plain[:SHOWN_LENGTH]}…”"
