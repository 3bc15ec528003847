"""The words that the report's JSON Schema is written in."""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
COUNT: JsonSchema = {"type": "integer", "minimum": 0}
NUMBER: JsonSchema = {"type": "number"}
SHARE: JsonSchema = {"type": "number", "minimum": 0, "maximum": 1}
MILLISECONDS: JsonSchema = {"type": "number", "minimum": 0, "description": "milliseconds"}
FLAG: JsonSchema = {"type": "boolean"}


def object_of(properties: JsonSchema, optional: tuple[str, ...] = ()) -> JsonSchema:
    """An object with exactly these ``properties`` required, but for the ``optional`` ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def list_of(items: JsonSchema) -> JsonSchema:
    """A list of ``items``."""
    return {"type": "array", "items": items}


def or_null(schema: JsonSchema) -> JsonSchema:
    """What ``schema`` says, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def reference(name: str) -> JsonSchema:
    """The definition ``name``."""
    return {"$ref": f"#/$defs/{name}"}


def one_of(values: Any) -> JsonSchema:
    """One of ``values``, as text."""
    return {"enum": [str(value) for value in values]}


def pair_of(first: JsonSchema, second: JsonSchema) -> JsonSchema:
    """A list of two: ``first``, then ``second``."""
    return {"type": "array", "prefixItems": [first, second], "minItems": 2, "maxItems": 2}
