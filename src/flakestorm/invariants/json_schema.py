"""Replies that programs read: JSON of a given shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED, failed
from flakestorm.invariants.registry import Check, Scope, Subject, invariant
from flakestorm.invariants.valid_json import read_json
from flakestorm.model.verdict import Judgement

MOST_PROBLEMS = 3
"""How many places of the reply that do not fit a detail line names."""


class JsonSchemaRule(Rule):
    """Options of ``json_schema``.

    A path starts at the folder ``directory`` of the validation context, by default the current one.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    type: Literal["json_schema"] = "json_schema"
    # pydantic's models have a method called `schema`, hence the alias.
    definition: dict[str, Any] | str = Field(
        alias="schema",
        union_mode="left_to_right",
        description="JSON Schema of the reply: inline, or the path of a JSON file",
    )
    _validator: Any = PrivateAttr(None)

    @model_validator(mode="after")
    def _compiles(self, info: ValidationInfo) -> JsonSchemaRule:
        schema: Any = self.definition
        if isinstance(schema, str):
            schema = _read(Path((info.context or {}).get("directory", "."), schema))
        self._validator = _compiled(schema)
        return self


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"schema: cannot read {path}: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ValueError(f"schema: {path}:{error.lineno}:{error.colno} is not JSON: {error.msg}") from None


def _compiled(schema: Any) -> Any:
    """The validator of ``schema``. Raises ``ValueError`` when it is no JSON Schema."""
    # jsonschema takes a tenth of a second to import: only those who use it wait.
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
        # An empty registry: a "$ref" to another host is never fetched.
        return kind(schema, registry=Registry())
    except SchemaError as error:
        raise ValueError(f"schema: no JSON Schema at {error.json_path}: {error.message}") from None


@invariant("json_schema", JsonSchemaRule, Scope.CONDUCT)
def json_schema(options: JsonSchemaRule) -> Check:
    """The whole reply is JSON that fits a schema."""
    validator = options._validator  # noqa: SLF001 - compiled when the options were checked; this is their rule

    def check(subject: Subject) -> Judgement:
        value, failure = read_json(subject.outcome.reply or "")
        if failure is not None:
            return failure
        problems = sorted(validator.iter_errors(value), key=lambda problem: list(map(str, problem.path)))
        if not problems:
            return PASSED
        told = [f"{problem.json_path}: {_brief(problem.message)}" for problem in problems[:MOST_PROBLEMS]]
        more = len(problems) - len(told)
        return failed("; ".join(told) + (f"; and {more} more" if more else ""))

    return check


def _brief(message: str) -> str:
    # The messages repeat the offending value, which can be the whole reply.
    return message if len(message) <= 160 else f"{message[:80]}…{message[-79:]}"
