"""`json_schema`: replies of a given shape, and schemas that are wrong themselves."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from flakestorm.invariants.json_schema import JsonSchemaRule, json_schema
from flakestorm.invariants.rules import AnyRule
from flakestorm.model.verdict import Judgement, VerdictStatus

SCHEMA = {
    "type": "object",
    "required": ["status", "items"],
    "properties": {
        "status": {"enum": ["ok", "error"]},
        "items": {"type": "array", "items": {"type": "integer"}},
    },
}


def test_a_reply_that_fits_passes(make_subject):
    """JSON of the right shape passes."""
    check = json_schema(JsonSchemaRule(schema=SCHEMA))
    assert check(make_subject('{"status": "ok", "items": [1]}')) == Judgement(VerdictStatus.PASSED)


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        ("sorry", "not JSON at line 1 column 1"),
        ('{"status": "ok"}', "$: 'items' is a required property"),
        ('{"status": "no", "items": []}', "$.status: 'no' is not one of ['ok', 'error']"),
        (
            '{"status": "ok", "items": ["a", "b", "c", "d"]}',
            (
                "$.items[0]: 'a' is not of type 'integer'; $.items[1]: 'b' is not of type 'integer'; "
                "$.items[2]: 'c' is not of type 'integer'; and 1 more"
            ),
        ),
    ],
)
def test_a_reply_that_does_not_fit_says_where(make_subject, reply, detail):
    """The first few places are named, the rest counted."""
    judgement = json_schema(JsonSchemaRule(schema=SCHEMA))(make_subject(reply))
    assert judgement.status is VerdictStatus.FAILED
    assert judgement.detail.startswith(detail)


def test_a_huge_value_does_not_flood_the_detail(make_subject):
    """jsonschema repeats the value; the detail stays a line."""
    judgement = json_schema(JsonSchemaRule(schema={"type": "integer"}))(make_subject(json.dumps("x" * 5000)))
    assert len(judgement.detail) < 200
    assert judgement.detail.endswith("is not of type 'integer'")


def test_a_schema_may_be_a_file(make_subject, tmp_path):
    """A path starts at the folder of the configuration, which validation gets as context."""
    (tmp_path / "reply.json").write_text(json.dumps(SCHEMA))
    item = {"type": "json_schema", "schema": "reply.json"}
    rule = TypeAdapter(AnyRule).validate_python(item, context={"directory": str(tmp_path)})
    assert json_schema(rule)(make_subject("{}")).status is VerdictStatus.FAILED
    assert rule.model_dump(exclude_defaults=True) == item


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("missing.json", "schema: cannot read .*missing.json: No such file"),
        ("broken.json", r"schema: .*broken.json:1:2 is not JSON"),
        ({"type": "objekt"}, r"schema: no JSON Schema at \$.type"),
        ({"properties": []}, r"schema: no JSON Schema at \$.properties"),
    ],
)
def test_a_wrong_schema_is_an_error_of_the_configuration(schema, message, tmp_path):
    """It is found when the file loads, not in the middle of a run."""
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValidationError, match=message):
        JsonSchemaRule.model_validate({"schema": schema}, context={"directory": str(tmp_path)})


def test_nothing_is_fetched_from_other_hosts(make_subject):
    """A reference to another host cannot be judged; it is never looked up."""
    check = json_schema(JsonSchemaRule(schema={"$ref": "https://example.com/schema.json"}))
    with pytest.raises(Exception, match=r"example\.com"):
        check(make_subject("{}"))
