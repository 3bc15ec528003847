"""The section ``mutations`` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.section import Section

PLACEHOLDER = "{prompt}"

_TYPES = {type_.value: type_ for type_ in MutationType}

Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]
TemplateName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class MutationsConfig(Section):
    """Which mutations are made of every golden prompt, and how many."""

    count: int = Field(10, ge=1, description="Mutations of each golden prompt")
    types: tuple[MutationType, ...] = Field(
        PUBLISHED_DEFAULTS, min_length=1, description="The mutation types to use"
    )
    weights: dict[MutationType, Weight] = Field(
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

    @field_validator("types")
    @classmethod
    def _each_once(cls, types: tuple[MutationType, ...]) -> tuple[MutationType, ...]:
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
        if MutationType.CUSTOM in self.types and not self.custom_templates:
            raise ValueError(
                "types lists 'custom', but there are no custom_templates: add some (name: text with "
                f"{PLACEHOLDER}), or take 'custom' out of types"
            )
        return self

    def weight(self, type_: str) -> float:
        """The configured weight of a type, or its default; 1.0 for a name that is none of the types."""
        try:
            known = _TYPES[type_]
        except KeyError:
            return 1.0
        return self.weights.get(known, known.default_weight)


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
