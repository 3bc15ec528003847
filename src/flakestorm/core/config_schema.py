"""The JSON Schema of flakestorm.yaml, for editors."""

from __future__ import annotations

from typing import Any

from flakestorm.invariants.config import Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:flakestorm:schema:config"
"""A name, not an address: nothing is fetched."""

FROM_ENVIRONMENT = {
    "type": "string",
    "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$",
    "description": "Taken from an environment variable",
}
_NOT_TEXT = ("integer", "number", "boolean")


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of everything that ``load_config`` accepts without a note."""
    from flakestorm.core.config import FlakeStormConfig

    schema = FlakeStormConfig.model_json_schema()
    definitions = {name: _with_variables(definition) for name, definition in schema.pop("$defs").items()}
    body = _with_variables(schema)
    body["properties"]["assert"] = {
        **body["properties"]["invariants"],
        "description": "The same as invariants",
    }
    body["properties"]["version"] = {
        "description": body["properties"]["version"]["description"],
        "enum": ["1.0", "2.0", 1.0, 2.0],
        "default": "1.0",
    }
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        **body,
        "title": "flakestorm configuration",
        "description": "What flakestorm tests, how, and what must hold (flakestorm.yaml)",
        "$defs": {**definitions, "FromEnvironment": FROM_ENVIRONMENT},
    }


def _with_variables(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with ``${VARIABLE}`` allowed where a property is a number or a boolean."""
    if "properties" not in schema:
        return schema
    return {
        **schema,
        "properties": {key: _property(key, value) for key, value in schema["properties"].items()},
    }


def _property(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    common = Rule.model_fields.get(name)
    if "description" not in schema and common is not None:
        # A rule that only changes the default of a common key need not describe it again.
        schema = {**schema, "description": common.description}
    if schema.get("type") not in _NOT_TEXT:
        return schema
    outer = {key: value for key, value in schema.items() if key in ("description", "default", "title")}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return {**outer, "anyOf": [inner, {"$ref": "#/$defs/FromEnvironment"}]}
