"""The JSON Schema for editors, and the file that ``init`` writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.config_schema import json_schema
from flakestorm.core.config_template import SCHEMA_PATH, config_template, optional_sections
from flakestorm.core.yaml_source import parse_yaml

GOOD = sorted((Path(__file__).parent / "config_files" / "good").glob("*.yaml"))
NOT_FOR_EDITORS = {"published_1_0_written_by_init", "published_1_0_http"}
"""Files with what loads but deserves a squiggle: settings of other rules, numbers where text is meant."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema, made once."""
    return json_schema()


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator for it."""
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property that the schema defines anywhere, with its path."""
    if isinstance(schema, dict):
        for name, definition in schema.get("properties", {}).items():
            yield f"{path}.{name}", definition
        for key, part in schema.items():
            yield from properties(part, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from properties(part, f"{path}[{index}]")


def test_every_key_is_described(schema: dict[str, Any]) -> None:
    """An editor can say something about each key."""
    undescribed = [path for path, definition in properties(schema) if not definition.get("description")]
    assert undescribed == []
    assert schema["$id"].startswith("urn:")
    assert schema["title"]


@pytest.mark.parametrize(
    "path", [path for path in GOOD if path.stem not in NOT_FOR_EDITORS], ids=lambda path: path.stem
)
def test_good_files_are_valid(path: Path, validator: Draft202012Validator) -> None:
    """What loads without a note is valid."""
    value = parse_yaml(path.read_text("utf-8"), path.name).value
    assert [error.message for error in validator.iter_errors(value)] == []


START: dict[str, Any] = {
    "agent": {"endpoint": "http://localhost/"},
    "golden_prompts": ["hello"],
    "invariants": [{"type": "output_not_empty"}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"asert": []},
        {"agent": {"endpoint": "http://localhost/", "timout": 3}},
        {"golden_prompts": []},
        {"golden_prompts": [""]},
        {"golden_prompts": [{"prompt": "a", "nam": "b"}]},
        {"invariants": [{"type": "contians", "value": "x"}]},
        {"invariants": [{"type": "contains", "valeu": "x"}]},
        {"invariants": [{"type": "contains", "value": "x", "severity": "hgh"}]},
        {"mutations": {"types": ["nois"]}},
        {"chaos": {"tool_faults": [{"mode": "timeot"}]}},
        {"chaos": {"llm_faults": [{"mode": "reset", "probability": 3}]}},
        {"output": {"format": "pdf"}},
        {"advanced": {"concurrency": "many"}},
        {"version": "3.0"},
    ],
    ids=str,
)
def test_mistakes_are_invalid(change: dict[str, Any], validator: Draft202012Validator) -> None:
    """Typos in keys, types and values get a squiggle."""
    assert validator.is_valid(START)
    assert not validator.is_valid({**START, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1.0},
        {"advanced": {"concurrency": "${WORKERS:-4}"}},
        {"output": {"format": ["html", "json"]}},
        {"output": {"format": "html"}},
        {"assert": [{"type": "valid_json", "on": "control"}]},
        {"golden_prompts": ["a", ["b", "c"], {"turns": ["d"], "name": "e"}]},
        {"chaos": {"context_attacks": {"overflow": {"inject_tokens": 3}}}},
    ],
    ids=str,
)
def test_short_forms_are_valid(change: dict[str, Any], validator: Draft202012Validator) -> None:
    """What the loader accepts in short is valid too."""
    assert [error.message for error in validator.iter_errors({**START, **change})] == []


def test_the_template_loads_and_is_valid(validator: Draft202012Validator) -> None:
    """A new file works as it is, and its first line leads editors to the schema."""
    text = config_template()
    config = FlakeStormConfig.from_yaml(text, environment={})
    assert config.unused_parts() == ()
    assert config.agent.endpoint == "http://localhost:8000/invoke"
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={SCHEMA_PATH}"
    assert validator.is_valid(yaml.safe_load(text))
    assert max(map(len, text.splitlines())) <= 110


def test_the_template_names_every_section() -> None:
    """Each section is there, in use or as a comment that works once its '# ' is removed."""
    text = config_template(endpoint="http://it's/here", schema=None)
    assert not text.startswith("# yaml")
    missing = [name for name in FlakeStormConfig.model_fields if f"{name}:" not in text]
    assert missing == ["chaos_matrix"] or missing == []
    commented = "".join(f"# {line}".rstrip() + "\n" for line in optional_sections().splitlines())
    assert text.endswith(commented)
    awake = FlakeStormConfig.from_yaml(text.removesuffix(commented) + optional_sections(), environment={})
    assert awake.agent.endpoint == "http://it's/here"
    assert awake.chaos is not None
    assert awake.contract is not None
    assert awake.replays is not None


def test_loading_imports_nothing_heavy() -> None:
    """Start-up stays fast: numbers, schemas, HTTP and terminal libraries wait until they are used."""
    code = (
        "import sys, flakestorm.core.config; "
        "print([m for m in ('numpy', 'jsonschema', 'aiohttp', 'rich', 'langchain_core') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
