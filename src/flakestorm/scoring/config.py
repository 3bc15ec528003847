"""The ``scoring`` section: how much each pillar counts in the overall score, and the interval of totals."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from flakestorm.section import Section

TOLERANCE = 0.001
PILLARS = ("mutation", "chaos", "contract", "replay")


class ScoringConfig(Section):
    """Weights that sum to 1. A pillar that is not configured leaves its weight to the others."""

    mutation: float = Field(0.20, ge=0, le=1, description="Weight of the robustness score")
    chaos: float = Field(0.35, ge=0, le=1, description="Weight of the chaos resilience")
    contract: float = Field(0.35, ge=0, le=1, description="Weight of the contract's score")
    replay: float = Field(0.10, ge=0, le=1, description="Weight of the replay regression")
    interval: Literal["clustered", "bootstrap"] = Field(
        "clustered", description="Interval of totals: by linearisation, or a bootstrap over golden prompts"
    )

    @property
    def weights(self) -> dict[str, float]:
        """Pillar → its weight."""
        return {name: getattr(self, name) for name in PILLARS}

    @model_validator(mode="before")
    @classmethod
    def _unwrap_weights(cls, data: Any) -> Any:
        """``scoring: {weights: {…}}`` means the same as ``scoring: {…}``."""
        if not isinstance(data, dict) or not isinstance(data.get("weights"), dict):
            return data
        beside = {key: value for key, value in data.items() if key != "weights"}
        if not beside.keys() <= {"interval"} or "interval" in data["weights"]:
            return data
        try:
            return {**beside, **cls.model_validate(data["weights"]).model_dump(exclude_unset=True)}
        except ValidationError as error:
            raise _below("weights", error) from None

    @model_validator(mode="after")
    def _sum_is_one(self) -> ScoringConfig:
        total = sum(self.weights.values())
        if abs(total - 1) > TOLERANCE:
            given = self.model_fields_set
            left = ", ".join(f"{name} {value}" for name, value in self.weights.items() if name not in given)
            raise PydanticCustomError(
                "sum",
                "the four weights must sum to 1; these sum to {total}{left}",
                {"total": f"{total:.4g}", "left": f" (with the defaults {left})" if left else ""},
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        section = handler.resolve_ref_schema(handler(schema))
        pillars = {name: section["properties"][name] for name in PILLARS}
        section["properties"]["weights"] = {
            "description": "The same four weights, one level deeper",
            "type": "object",
            "properties": pillars,
            "additionalProperties": False,
        }
        return section


def _below(key: str, error: ValidationError) -> ValidationError:
    """The same errors, each located below ``key``."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError("sum", "{text}", {"text": item["msg"]})
            if item["type"] == "sum"
            else item["type"],
            loc=(key, *item["loc"]),
            input=item["input"],
            ctx=item.get("ctx", {}),
        )
        for item in error.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(error.title, details)
