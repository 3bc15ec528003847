"""The section ``mutations`` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from flakestorm.model.composition import types_in
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.mutations.reach import Reach
from flakestorm.mutations.type_name import TypeName
from flakestorm.section import Section

PLACEHOLDER = "{prompt}"
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]
DEFAULT_WEIGHTS: dict[str, float] = {type_: type_.default_weight for type_ in MutationType}
TemplateName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class MutationsConfig(Section):
    """Which mutations are made of every golden prompt, and how many."""

    count: int = Field(10, ge=1, description="Mutations of each golden prompt")
    types: tuple[TypeName, ...] = Field(
        PUBLISHED_DEFAULTS,
        min_length=1,
        description="The mutation types to use; several joined by + are applied one after the other",
    )
    weights: dict[TypeName, Weight] = Field(
        default_factory=dict,
        description="How often a type is used and how much it counts in the score, relative to the others",
    )
    custom_templates: dict[TemplateName, str] = Field(
        default_factory=dict,
        description="Templates of the type custom: name to text with {prompt} where the golden prompt goes",
    )
    intensity: float = Field(
        0.3, ge=0, le=1, description="How strong a mutation is: the share of the possible edits that are made"
    )
    reach: Reach = Field(
        Reach.PROMPT,
        description="What of a prompt is disturbed: all of it, one sentence, or now this, now that",
    )

    @field_validator("types")
    @classmethod
    def _each_once(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(types))

    @field_validator("custom_templates")
    @classmethod
    def _has_placeholder(cls, templates: dict[str, str]) -> dict[str, str]:
        lacking = [name for name, text in templates.items() if PLACEHOLDER not in text]
        if lacking:
            raise ValueError(
                f"no {PLACEHOLDER} in the template {_quoted(lacking)}: write {PLACEHOLDER} where the golden "
                f'prompt belongs, such as "As my lawyer would say: {PLACEHOLDER}"'
            )
        idle = [name for name, text in templates.items() if text == PLACEHOLDER]
        if idle:
            raise ValueError(
                f"the template {_quoted(idle)} adds nothing to {PLACEHOLDER}: write text around it"
            )
        return templates

    @model_validator(mode="after")
    def _custom_needs_templates(self) -> MutationsConfig:
        named = next((name for name in self.types if MutationType.CUSTOM in types_in(name)), None)
        if named and not self.custom_templates:
            raise ValueError(
                f"types lists '{named}', but there are no custom_templates: add some (name: text with "
                f"{PLACEHOLDER}), or take '{named}' out of types"
            )
        return self

    def weight(self, type_: str) -> float:
        """The configured weight of a type, or its default: that of a composition is the mean of its parts'.

        A name that is none of the types weighs 1.0.
        """
        configured = self.weights.get(type_)
        if configured is not None:
            return configured
        parts = types_in(type_)
        if len(parts) > 1:
            return sum(map(self.weight, parts)) / len(parts)
        return DEFAULT_WEIGHTS.get(type_, 1.0)


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
