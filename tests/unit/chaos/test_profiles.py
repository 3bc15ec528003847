"""Profiles: those that come along, and the user's own files, broken ones as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from flakestorm.chaos.config import Scenario
from flakestorm.chaos.faults.rules import rules_of
from flakestorm.chaos.profiles import load_profile, profile_names
from flakestorm.model.errors import ConfigError, UsageError

PUBLISHED = {
    *("api_outage", "cascading_failure", "degraded_llm", "high_latency", "hostile_tools"),
    *("indirect_injection", "model_version_drift"),
}


def test_names() -> None:
    """The published profiles are there, in alphabetical order."""
    assert set(profile_names()) > PUBLISHED
    assert list(profile_names()) == sorted(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_profile(name: str) -> None:
    """Each has its name, a description, and faults whose options all mean something."""
    profile = load_profile(name)
    assert profile.name == name
    assert profile.description.endswith(".")
    assert rules_of(profile)
    for fault in (*profile.llm_faults, *profile.tool_faults, *profile.context_attacks):
        assert fault.ignored == ()


@pytest.mark.parametrize("ending", [".yaml", ".yml", ""])
def test_own_profile(ending: str, tmp_path: Path) -> None:
    """A file by its path; its name is its own or that of the file."""
    path = tmp_path / f"outage{ending}"
    path.write_text("llm_faults: [{mode: overloaded}]", "utf-8")
    assert load_profile(str(path)) == Scenario(name="outage", llm_faults=[{"mode": "overloaded"}])  # type: ignore[list-item] # as the file has it
    path.write_text("name: mine\nllm_faults: [{mode: overloaded}]", "utf-8")
    assert load_profile(str(path)).name == "mine"


def test_unknown_name() -> None:
    """The nearest name, all names, and how a file is named."""
    with pytest.raises(UsageError) as caught:
        load_profile("api_outge")
    assert "did you mean 'api_outage'?" in str(caught.value)
    assert "./outage.yaml" in str(caught.value)
    with pytest.raises(UsageError, match=r"unknown chaos profile 'zzzz'\. Known: api_outage"):
        load_profile("zzzz")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a profile is a mapping .* this is empty"),
        ("- 1", "this is a list"),
        ("llm_faults: []", "has no fault"),
        ("context_attacks: {overflow: false}", "has no fault"),
        ("llm_faults: [{mode: rate_limt}]", r"llm_faults\[0\]\.mode: unknown mode 'rate_limt', did you mean"),
        ("llm_fault: []", "unknown key 'llm_fault', did you mean 'llm_faults'?"),
        ("zzzzzz: 1\nllm_faults: [{mode: reset}]", "unknown key 'zzzzzz', it means nothing here"),
        ("llm_faults: [{mode: reset, probability: 7}]", r"llm_faults\[0\]\.probability: .* \(found 7\)"),
        ("llm_faults: 5", "llm_faults"),
        ("a: [1\nb: 2", r"own\.yaml:2: not YAML"),
        ("a: &x [*x", "not YAML"),
        ("\x00", "not YAML"),
    ],
)
def test_broken_files(text: str, message: str, tmp_path: Path) -> None:
    """What is wrong, and where."""
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=message):
        load_profile(str(path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: \xff", "not UTF-8"),
        (b"a" * 1_000_001, "hardly a profile"),
        (None, "cannot be read"),
    ],
)
def test_unreadable_files(data: bytes | None, message: str, tmp_path: Path) -> None:
    """Other bytes than text, too many of them, and no file at all."""
    path = tmp_path / "own.yaml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        load_profile(str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        load_profile("a\0b/c.yaml")
