"""What every invariant in the configuration has in common."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.model.mutation import Kind
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.verdict import Severity
from flakestorm.section import Section

When = Literal["always", "tool_faults_active", "llm_faults_active", "any_chaos_active", "no_chaos"]


class Rule(Section):
    """The common keys of an invariant; each type adds its own."""

    type: str
    id: str | None = Field(None, min_length=1, description="Name in reports; default: the type, numbered")
    description: str = ""
    severity: Severity = Severity.MEDIUM
    when: When = "always"
    negate: bool = Field(False, description="Turn the verdict round")
    on: tuple[MutationType | Kind | Literal["control"], ...] | None = Field(
        None, description="Only for these mutation types or kinds, or the control arm"
    )
    probes: tuple[str, ...] = Field((), description="Prompts used instead of the golden ones (contracts)")
