"""The configuration's ``invariants`` items: a mapping becomes the options model that its ``type`` names.

``AnyRule`` looks the type up when an item is validated, so invariants that a plugin signed up later are known
too. A plain union of all options models could not do that, and would report each mistake once per member.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, PlainValidator, SerializeAsAny, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

import flakestorm.invariants.builtin  # noqa: F401 - signs the built-in invariants up
from flakestorm.invariants.config import Rule
from flakestorm.invariants.registry import invariant_types
from flakestorm.model.nearest import did_you_mean

EXAMPLE = '{type: contains, value: "hello"}'


def parse_rule(value: Any, info: ValidationInfo) -> Rule:
    """The options model for one item of ``invariants``.

    Raises pydantic's ``ValidationError`` with locations inside the item, which an enclosing model takes over
    with its own location in front.
    """
    if isinstance(value, Rule):
        return value
    if not isinstance(value, dict):
        raise _wrong((), "rule_mapping", f"an invariant is a mapping such as {EXAMPLE}", value)
    if "type" not in value:
        raise _wrong(("type",), "missing", f"an invariant needs its type; known: {_known()}", value)
    name = value["type"]
    if not isinstance(name, str) or name not in invariant_types:
        near = did_you_mean(name, invariant_types) if isinstance(name, str) else ""
        message = f"unknown invariant type {name!r}{near} Known: {_known()}"
        raise _wrong(("type",), "unknown_invariant_type", message, name)
    return invariant_types.get(name).options.model_validate(value, context=info.context)


def _known() -> str:
    return ", ".join(sorted(invariant_types))


def _wrong(location: tuple[str, ...], kind: str, message: str, value: Any) -> ValidationError:
    # Braces in a message would be read as a template, so the message goes in as a value.
    error = PydanticCustomError(kind, "{message}", {"message": message})
    return ValidationError.from_exception_data(
        "invariant", [InitErrorDetails(type=error, loc=location, input=value)]
    )


class _RuleSchema:
    """The JSON Schema of ``AnyRule``: exactly one of the registered types, told apart by ``type``."""

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        types = invariant_types.items()
        choices = {name: info.options.__pydantic_core_schema__ for name, info in types}
        union = handler(core_schema.tagged_union_schema(choices, discriminator="type"))
        for name, info in types:
            definition = handler.resolve_ref_schema({"$ref": union["discriminator"]["mapping"][name]})
            definition["description"] = info.summary
            definition["properties"]["type"] = {"const": name, "type": "string", "description": info.summary}
            definition["required"] = [
                "type",
                *(key for key in definition.get("required", ()) if key != "type"),
            ]
        return union


AnyRule = Annotated[SerializeAsAny[Rule], PlainValidator(parse_rule), _RuleSchema()]
"""One item of ``invariants`` in a configuration."""
