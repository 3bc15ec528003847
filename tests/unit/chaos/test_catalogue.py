"""The catalogue and ``flakestorm faults``: every fault is explained, and what is said is so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from flakestorm.chaos.catalogue import Entry, catalogue
from flakestorm.chaos.config import Fault
from flakestorm.chaos.explanations import ATTACKS, CONDITIONS, LLM, OPTIONS, TOOLS
from flakestorm.chaos.faults.context_attacks import ATTACKS as MADE_ATTACKS
from flakestorm.chaos.faults.llm_modes import LLM_FAULTS
from flakestorm.chaos.faults.tool_modes import TOOL_FAULTS
from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, TOOL_MODES
from flakestorm.chaos.profiles import profile_names
from flakestorm.cli.application import app


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    """All of it."""
    return catalogue()


@pytest.mark.parametrize(
    ("modes", "explained", "made"),
    [(LLM_MODES, LLM, LLM_FAULTS), (TOOL_MODES, TOOLS, TOOL_FAULTS), (ATTACK_TYPES, ATTACKS, MADE_ATTACKS)],
    ids=["llm", "tools", "context"],
)
def test_tables_agree(modes: Any, explained: Any, made: Any) -> None:
    """What the configuration takes is explained, and there is something that does it."""
    assert set(modes) == set(explained) == set(made)
    for told in explained.values():
        assert told.does.endswith(".")
        assert told.sees
        assert not told.sees.endswith(".")


def test_options_are_explained() -> None:
    """Each option of each mode, and each condition."""
    used = frozenset[str]().union(*LLM_MODES.values(), *TOOL_MODES.values(), *ATTACK_TYPES.values())
    assert set(OPTIONS) == used | {"trigger_probability"}
    assert set(CONDITIONS) == set(Fault.model_fields) - set(OPTIONS) | {"model", "tool"}


def test_entries(entries: tuple[Entry, ...]) -> None:
    """One entry for each fault, attack and profile; statuses are what the providers' words have."""
    count = len(LLM_MODES) + len(TOOL_MODES) + len(ATTACK_TYPES) + len(profile_names())
    assert len(entries) == count
    found = {(entry.kind, entry.name): entry for entry in entries}
    assert dict(found["llm fault", "overloaded"].statuses) == {
        "openai": 503,
        "responses": 503,
        "anthropic": 529,
        "google": 503,
        "ollama": 503,
    }
    assert "ollama" not in dict(found["llm fault", "quota_exhausted"].statuses)
    assert found["llm fault", "truncated_response"].statuses == ()
    assert found["profile", "tool_flap"].faults == ("tool: error",)


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    done = CliRunner().invoke(app, ["faults", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1"})
    return done.exit_code, done.output


def test_list(entries: tuple[Entry, ...]) -> None:
    """Everything is in the list, with what it does."""
    code, output = run()
    assert code == 0
    for entry in entries:
        assert entry.name in output
    assert "Silence; after delay_ms the connection closes." in output


@pytest.mark.parametrize(
    "entry", catalogue(), ids=lambda entry: f"{entry.kind}-{entry.name}".replace(" ", "_")
)
def test_one(entry: Entry) -> None:
    """Each by its name: what it does, what is seen, options and conditions."""
    code, output = run(entry.name.replace("_", "-").upper())
    assert code == 0
    assert entry.does in " ".join(output.split())
    assert entry.sees in " ".join(output.split())
    for option in entry.options:
        assert f"{option}: " in output
    if entry.kind == "tool fault":
        assert "match_url, tool" in output


def test_json(entries: tuple[Entry, ...]) -> None:
    """For programs: all, or one name."""
    code, output = run("--json")
    assert code == 0
    assert json.loads(output) == [entry.to_dict() for entry in entries]
    _, output = run("timeout", "--json")
    assert [entry["kind"] for entry in json.loads(output)] == ["llm fault", "tool fault"]


def test_unknown_name() -> None:
    """Exit code 2, with the nearest name."""
    code, output = run("timeut")
    assert code == 2
    assert "did you mean 'timeout'?" in output
