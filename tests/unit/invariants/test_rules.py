"""Items of `invariants`: the right model, or errors exactly where the mistake is; and their JSON Schema."""

from __future__ import annotations

import jsonschema
import pytest
from pydantic import ValidationError

from flakestorm.invariants.config import Rule
from flakestorm.invariants.contains import ContainsRule
from flakestorm.invariants.registry import Scope, invariant, invariant_types
from flakestorm.invariants.rules import AnyRule
from flakestorm.model.errors import PluginError
from flakestorm.model.verdict import Severity
from flakestorm.section import Section


class File(Section):
    """Stands for the configuration file."""

    invariants: tuple[AnyRule, ...]
    more: tuple[AnyRule, ...] = ()


def errors_of(*items: object) -> list[tuple[tuple[int | str, ...], str, str]]:
    """(location, kind, message) of every mistake in a file with these items."""
    with pytest.raises(ValidationError) as caught:
        File.model_validate({"invariants": items})
    return [(error["loc"], error["type"], error["msg"]) for error in caught.value.errors()]


def test_an_item_becomes_the_model_of_its_type():
    """The type chooses the options; common keys and defaults are there."""
    file = File.model_validate({"invariants": [{"type": "contains", "value": "x", "severity": "high"}]})
    assert file.invariants == (ContainsRule(value="x", severity=Severity.HIGH),)


def test_python_code_may_pass_models():
    """A rule that is a model already is taken as it is."""
    rule = ContainsRule(value="x")
    assert File(invariants=(rule,)).invariants[0] is rule


def test_the_type_survives_every_dump():
    """What is written out can be read again, whatever is left out."""
    file = File.model_validate(
        {"invariants": [{"type": "json_schema", "schema": {"type": "object"}}, {"type": "completes"}]}
    )
    for options in ({}, {"exclude_defaults": True}, {"exclude_unset": True}):
        assert File.model_validate(file.model_dump(mode="json", **options)) == file


MISTAKES = [
    (
        {"type": "contains", "valeu": "x"},
        [(("invariants", 0, "value"), "missing"), (("invariants", 0, "valeu"), "extra_forbidden")],
    ),
    ({"type": "contains", "value": ""}, [(("invariants", 0, "value"), "string_too_short")]),
    ({"type": "containz"}, [(("invariants", 0, "type"), "unknown_invariant_type")]),
    ({"type": ["contains"]}, [(("invariants", 0, "type"), "unknown_invariant_type")]),
    ({"value": "x"}, [(("invariants", 0, "type"), "missing")]),
    ("contains", [(("invariants", 0), "rule_mapping")]),
    ({"type": "completes", "on": ["nois"]}, [(("invariants", 0, "on", 0), "value_error")]),
    ({"type": "completes", "on": "nois"}, [(("invariants", 0, "on", 0), "value_error")]),
    ({"type": "completes", "severity": "hgih"}, [(("invariants", 0, "severity"), "enum")]),
    ({"type": "not_contains"}, [(("invariants", 0), "value_error")]),
    ({"type": "excludes_pattern"}, [(("invariants", 0), "value_error")]),
    (
        {"type": "excludes_pattern", "patterns": ["ok", "("]},
        [(("invariants", 0, "patterns", 1), "value_error")],
    ),
    ({"type": "contains_any", "values": []}, [(("invariants", 0, "values"), "too_short")]),
    ({"type": "length"}, [(("invariants", 0), "value_error")]),
    ({"type": "length", "min": 3, "max": 2}, [(("invariants", 0), "value_error")]),
    ({"type": "status", "value": "ok"}, [(("invariants", 0, "value"), "tuple_type")]),
    (
        {"type": "python", "function": "no colon"},
        [(("invariants", 0, "function"), "string_pattern_mismatch")],
    ),
]


@pytest.mark.parametrize(("item", "expected"), MISTAKES)
def test_a_mistake_is_one_error_at_its_place(item, expected):
    """Locations lead to the very key, never through the members of a union."""
    assert [(place, kind) for place, kind, _ in errors_of(item)] == expected


def test_all_mistakes_of_a_file_come_together():
    """One bad item does not hide another."""
    places = [place for place, _, _ in errors_of({"type": "containz"}, {"type": "regex", "pattern": "("}, 3)]
    assert places == [("invariants", 0, "type"), ("invariants", 1, "pattern"), ("invariants", 2)]


def test_an_unknown_type_names_the_nearest_and_the_known():
    """The message is enough to repair the file."""
    ((_, _, message),) = errors_of({"type": "containz"})
    assert "'containz', did you mean 'contains'?" in message
    assert "valid_json" in message


def test_a_bad_target_names_the_nearest():
    """`on:` knows kinds, mutation types and the control arm."""
    ((_, _, message),) = errors_of({"type": "completes", "on": ["hostle"]})
    assert "did you mean 'hostile'?" in message


def test_a_bad_pattern_tells_its_place():
    """A regular expression that is none says where it breaks."""
    ((_, _, message),) = errors_of({"type": "regex", "pattern": "a(b"})
    assert "missing ), unterminated subpattern at character 2 of 'a(b'" in message


def test_one_target_needs_no_list():
    """`on: noise` is `on: [noise]`."""
    assert File.model_validate({"invariants": [{"type": "completes", "on": "noise"}]}).invariants[0].on == (
        "noise",
    )


SCHEMA = File.model_json_schema()

GOOD = [
    {"type": "contains", "value": "x", "on": "noise"},
    {"type": "status", "value": 200, "on": ["hostile", "control"]},
    {"type": "status", "value": [200, 201]},
    {"type": "json_schema", "schema": {"type": "object"}},
    {"type": "canary", "severity": "low"},
]
BAD = [
    {"type": "contains"},
    {"value": "x"},
    {"type": "contains", "value": "x", "valeu": 1},
    {"type": "status", "value": "x"},
    {"type": "completes", "on": "nois"},
    {"type": "nothing"},
]


def test_the_schema_is_a_schema():
    """Editors get a valid JSON Schema, each registered type once."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]["invariants"]["items"]["discriminator"]["mapping"]) == set(
        invariant_types
    )


@pytest.mark.parametrize("item", GOOD)
def test_the_schema_takes_good_items(item):
    """What loads is valid."""
    File.model_validate({"invariants": [item]})
    jsonschema.validate({"invariants": [item]}, SCHEMA)


@pytest.mark.parametrize("item", BAD)
def test_the_schema_refuses_typos(item):
    """What does not load is not valid either."""
    assert errors_of(item)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"invariants": [item]}, SCHEMA)


def test_every_key_is_described():
    """Editors show a sentence for each key of each type."""
    missing = [
        (name, key)
        for name, info in invariant_types.items()
        for key, field in info.options.model_fields.items()
        if not field.description and key not in ("type", "severity")
    ]
    assert not missing


def test_a_plugin_must_bring_an_options_model_and_a_summary():
    """What does not fit the port is refused at registration."""
    with pytest.raises(PluginError, match="options model"):

        @invariant("test_no_model", dict, Scope.CONDUCT)
        def _no_model(options):
            """Has no options model."""

    with pytest.raises(PluginError, match="no docstring"):

        @invariant("test_no_summary", Rule, Scope.CONDUCT)
        def _no_summary(options):
            return None


def test_a_type_is_registered_once():
    """A second plugin of the same name is told where the first one is."""
    with pytest.raises(PluginError, match=r"flakestorm\.invariants\.contains\.contains"):

        @invariant("contains", ContainsRule, Scope.CONDUCT)
        def _again(options):
            """Contains again."""
