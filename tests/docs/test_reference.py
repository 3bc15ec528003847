"""The documentation is complete, its links lead somewhere, and it tells nothing of a machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import flakestorm.invariants.builtin
import flakestorm.mutations.builtin  # noqa: F401 - both register what the pages must list
from flakestorm.cli.application import EPILOG
from flakestorm.core.config_schema import json_schema
from flakestorm.invariants.registry import invariant_types
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.mutations.registry import operators

SECTIONS = {
    "AgentConfig": "agent",
    "ServeConfig": "agent.serve",
    "SessionConfig": "agent.session",
    "PromptEntry": "golden_prompts",
    "MutationsConfig": "mutations",
    "OutputConfig": "output",
    "AdvancedConfig": "advanced",
    "ModelConfig": "model",
    "ModelChoice": "invariants.model",
    "ScoringConfig": "scoring",
    "CiConfig": "ci",
    "ChaosConfig": "chaos",
    "ToolFault": "chaos.tool_faults",
    "LlmFault": "chaos.llm_faults",
    "ContextAttack": "chaos.context_attacks",
    "GatewayConfig": "chaos.gateway",
    "GatewayTool": "chaos.gateway.tools",
    "ContractConfig": "contract",
    "Scenario": "chaos_matrix",
    "ReplaysConfig": "replays",
    "ReplaySession": "replays.sessions",
    "ToolResponse": "replays.sessions.tool_responses",
    "ReplaySource": "replays.sources",
    "SourceFilter": "replays.sources.filter",
}
"""Definition of the JSON Schema ► the heading of configuration.md that describes it."""

HOSTS = {
    "localhost",
    "127.0.0.1",
    "host.docker.internal",
    "api.x.com",
    "example.com",
    "staging.example.com",
}
"""Names of hosts that belong to nobody."""

RULE_PAGES = (
    "invariants.md",
    "similarity.md",
    "refusals.md",
    "pii.md",
    "llm.md",
    "mutations-protocol.md",
)
ROW = re.compile(
    r"^\| `(?P<key>\w+)` \| (?P<type>.*?) \| (?P<default>[^|]*) \| (?P<meaning>.*) \|$", re.MULTILINE
)


def properties(definition: dict[str, Any]) -> dict[str, Any]:
    """The properties of a definition, which may be the last of several forms."""
    found: dict[str, Any] = definition.get("properties") or definition["anyOf"][-1]["properties"]
    return found


def documented(text: str, heading: str) -> dict[str, str]:
    """Key ► default, from the first table under a heading."""
    pattern = rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)"
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    assert found, f"configuration.md has no heading '{heading}'"
    return {row["key"]: row["default"].strip() for row in ROW.finditer(found[1])}


def test_every_key_of_the_schema_is_documented_with_its_default(root: Path) -> None:
    """configuration.md has exactly the keys that the schema has, and the same defaults."""
    text = (root / "docs/configuration.md").read_text(encoding="utf-8")
    schema = json_schema()
    definitions = {"Top level": schema} | {
        f"`{SECTIONS[name]}`": definition for name, definition in schema["$defs"].items() if name in SECTIONS
    }
    for heading, definition in definitions.items():
        keys = documented(text, heading)
        assert set(keys) == set(properties(definition)), heading
        for key, about in properties(definition).items():
            default = about.get("default")
            if default is not None and not isinstance(default, dict):
                expected = f"`{json.dumps(default, ensure_ascii=False)}`"
                assert keys[key] == expected, f"{heading}: the default of {key}"


def test_every_section_of_the_schema_has_a_heading() -> None:
    """A new definition in the schema needs a heading in configuration.md."""
    definitions = {
        name
        for name, definition in json_schema()["$defs"].items()
        if not name.endswith("Rule") and ("properties" in definition or "anyOf" in definition)
    }
    assert definitions == set(SECTIONS), "describe it in configuration.md and name its heading in SECTIONS"


def test_every_invariant_type_and_its_keys_are_documented(root: Path) -> None:
    """invariants.md names every type; each key of a type is on one of the pages about rules."""
    page = (root / "docs/invariants.md").read_text(encoding="utf-8")
    everything = "\n".join((root / "docs" / name).read_text(encoding="utf-8") for name in RULE_PAGES)
    for name, info in invariant_types.items():
        assert f"type: {name}" in page, f"invariants.md has no example of {name}"
        for field, about in info.options.model_fields.items():
            key = about.alias or field
            assert re.search(rf"[`\s,{{(]{key}[`:]", everything), f"{name}: {key}"


def test_every_mutation_type_is_documented_as_it_is(root: Path) -> None:
    """mutations.md tells the weight and the kinds of each type, and which ones cannot be run yet."""
    text = (root / "docs/mutations.md").read_text(encoding="utf-8")
    kinds: dict[str, set[str]] = {}
    for name, info in operators.items():
        kinds.setdefault(name.partition(".")[0], set()).add(f"`{info.kind}`")
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| .* \| (.*?) \|$", text, re.MULTILINE)
    assert {name for name, _, _ in rows} == {str(type_) for type_ in MutationType}
    for name, weight, told in rows:
        assert float(weight) == MutationType(name).default_weight, name
        assert told == (", ".join(sorted(kinds[name])) if name in kinds else "not yet"), name
    assert tuple(MutationType(name) for name, _, _ in rows[: len(PUBLISHED_DEFAULTS)]) == PUBLISHED_DEFAULTS


def test_the_readme_counts_right(root: Path) -> None:
    """The figures in the section on the status are those of the registries."""
    text = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    runnable = len({name.partition(".")[0] for name in operators})
    assert f"{runnable} of the {len(MutationType)} mutation types" in text
    assert f"{len(list(invariant_types))} invariant types" in text


def test_exit_codes_are_those_of_the_program(root: Path) -> None:
    """running.md lists the codes that the help names."""
    text = (root / "docs/running.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+) \| ", text, re.MULTILINE)
    assert table == re.findall(r"\b(\d+) [a-z]", EPILOG)


def test_links_lead_somewhere(page: Any) -> None:
    """Every relative link has its file, and every anchor its heading."""
    prose = re.sub(r"^```.*?^```$", "", page.text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" in target or target.endswith(".png"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.path.parent / path).resolve() if path else page.path
        assert file.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{page}: {target}"


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_nothing_of_the_machine_is_told(page: Any) -> None:
    """No absolute path of a machine, and no package registry's host."""
    assert not re.search(r"(?<![\w.:/])/(?:home|root|Users|work|tmp|opt|mnt)/", page.text)
    hosts = set(re.findall(r"https?://([\w.-]+)", page.text))
    assert hosts <= HOSTS


def test_dependencies_are_those_of_the_project(root: Path) -> None:
    """dependencies.md has a line for everything that pyproject.toml installs, and no other."""
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert listed
    needed = set(re.findall(r'"([\w-]+)', listed[1]))
    names = "fast|langchain|langsmith|semantic|openai|anthropic|google|ollama"
    lists = re.findall(rf"^(?:{names}) = \[(.*)\]$", project, re.MULTILINE)
    extras = {name for of_extra in lists for name in re.findall(r'"([\w-]+)', of_extra)}
    text = (root / "docs/dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)) == needed | extras
