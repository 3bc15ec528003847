"""What every invariant in the configuration has in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)

from flakestorm.model.mutation import Kind
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.verdict import Severity
from flakestorm.section import Section

When = Literal["always", "tool_faults_active", "llm_faults_active", "any_chaos_active", "no_chaos"]

CONTROL = "control"
"""The name of the control arm in ``on:``."""

TARGETS = (CONTROL, *(str(kind) for kind in Kind), *(str(type_) for type_ in MutationType))
"""Everything that ``on:`` may name."""


def _known_target(name: str) -> str:
    if name not in TARGETS:
        raise ValueError(
            f"'{name}' is no mutation type or kind{did_you_mean(name, TARGETS)} "
            f"Accepted: {', '.join(TARGETS[: len(Kind) + 1])}, or one of {len(MutationType)} mutation types."
        )
    return name


def _listed(value: Any) -> Any:
    # One name needs no brackets.
    return (value,) if isinstance(value, str) else value


# One plain type instead of a union of enums: a wrong name is one error, not one for each member.
Target = Annotated[
    str, AfterValidator(_known_target), WithJsonSchema({"type": "string", "enum": list(TARGETS)})
]


class Rule(Section):
    """The common keys of an invariant; each type adds its own."""

    type: str = Field(description="The kind of rule")
    id: str | None = Field(None, min_length=1, description="Name in reports; default: the type, numbered")
    description: str = Field("", description="What the rule is for, shown in reports")
    severity: Severity = Field(Severity.MEDIUM, description="How bad a failure is")
    when: When = Field("always", description="Only while such environment faults are active, or none is")
    negate: bool = Field(False, description="Turn the verdict round: passed becomes failed, and the reverse")
    on: Annotated[
        tuple[Target, ...] | None,
        BeforeValidator(_listed, json_schema_input_type=Target | tuple[Target, ...] | None),
    ] = Field(
        None,
        description="Only for these mutation types or kinds, or the control arm. "
        "The kind preserves_meaning includes undisturbed prompts",
    )
    probes: tuple[str, ...] = Field((), description="Prompts used instead of the golden ones (contracts)")

    @model_serializer(mode="wrap")
    def _with_type(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Types have defaults so that Python code need not repeat them; a file needs them all the same.
        return {"type": self.type, **handler(self)}
