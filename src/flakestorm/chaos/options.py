"""Options that depend on a mode: which of them mean something, and what to say about the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, PUBLISHED_OPTIONS, TOOL_MODES
from flakestorm.model.nearest import did_you_mean
from flakestorm.section import Section

ModeTable = Mapping[str, frozenset[str]]


def _known(what: str, table: ModeTable, name: str) -> str:
    if name not in table:
        near = did_you_mean(name, table) or "."
        raise ValueError(f"unknown {what} '{name}'{near} Accepted: {', '.join(table)}")
    return name


def _enum(table: ModeTable) -> dict[str, Any]:
    return {"type": "string", "enum": list(table)}


LlmMode = Annotated[str, AfterValidator(partial(_known, "mode", LLM_MODES)), WithJsonSchema(_enum(LLM_MODES))]
ToolMode = Annotated[
    str, AfterValidator(partial(_known, "mode", TOOL_MODES)), WithJsonSchema(_enum(TOOL_MODES))
]
AttackType = Annotated[
    str, AfterValidator(partial(_known, "type", ATTACK_TYPES)), WithJsonSchema(_enum(ATTACK_TYPES))
]


class WithOptions(Section):
    """A section in which the value of ``kind_key`` decides what other keys mean something."""

    table: ClassVar[ModeTable] = {}
    kind_key: ClassVar[str] = "mode"

    @property
    def ignored(self) -> tuple[str, ...]:
        """Keys of published files that are given here and mean nothing for this mode."""
        kind = getattr(self, self.kind_key)
        options = frozenset[str]().union(*self.table.values())
        return tuple(sorted((self.model_fields_set & options) - self.table[kind]))

    @model_validator(mode="after")
    def _options_fit(self) -> WithOptions:
        wrong = [key for key in self.ignored if key not in PUBLISHED_OPTIONS]
        if wrong:
            details = [
                InitErrorDetails(
                    type=PydanticCustomError("option", "{text}", {"text": self._misplaced(key)}),
                    loc=(key,),
                    input=getattr(self, key),
                )
                for key in wrong
            ]
            raise ValidationError.from_exception_data(type(self).__name__, details)
        return self

    def _misplaced(self, key: str) -> str:
        kind = getattr(self, self.kind_key)
        owners = ", ".join(name for name, options in self.table.items() if key in options)
        taken = ", ".join(sorted(self.table[kind])) or "none"
        return (
            f"'{key}' means nothing for {self.kind_key} '{kind}'; it belongs to {owners}. "
            f"Options of '{kind}': {taken}"
        )
