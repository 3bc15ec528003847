"""Plugins of the user's own project: imported before the rest of the configuration is validated."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

import flakestorm.agents.builtin
import flakestorm.mutations.builtin  # noqa: F401 - what is built in must be there before each test
from flakestorm.agents.registry import agent_kinds
from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.core.config_schema import json_schema
from flakestorm.invariants.registry import invariant_types
from flakestorm.model.errors import ConfigError
from flakestorm.mutations.registry import operators
from flakestorm.plugins import Registry
from flakestorm.reports.formats import formats

OPERATOR = '''
from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.registry import Draft, operator


@operator("noise", "{name}", Kind.PRESERVES_MEANING)
def {name}(source, rng, intensity):
    """Adds a sign."""
    return Draft((Edit(0, 0, "!"),))
'''
RULE = '''
from typing import Literal

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED
from flakestorm.invariants.registry import Scope, invariant


class SignedRule(Rule):
    """Options."""

    type: Literal["fs_signed"] = "fs_signed"
    by: str


@invariant("fs_signed", SignedRule, Scope.CONDUCT)
def signed(options):
    """Is signed."""
    return lambda subject: PASSED
'''
FORMAT = """
from flakestorm.reports.formats import Format, formats

formats.add("fs_headline", Format(".headline.txt", lambda run, out: None), __name__)
"""
REST = """
agent: {endpoint: "http://localhost:8000/invoke"}
golden_prompts: [hello]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for plugins, and another that is the current one; what the test registers is forgotten."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "path", list(sys.path))
    registries: list[Registry] = [operators, invariant_types, agent_kinds, formats]
    known = [set(registry) for registry in registries]
    modules = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
    for registry, before in zip(registries, known, strict=True):
        for name in set(registry) - before:
            registry._plugins.pop(name)


def written(project: Path, plugins: str, rest: str = REST + "invariants: [{type: completes}]\n") -> Path:
    """A configuration with these plugins."""
    path = project / "flakestorm.yaml"
    path.write_text(f"plugins: {plugins}\n{rest}")
    return path


def refusal(path: Path) -> str:
    """What loading the file ends with."""
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value)


def test_rules_and_formats_are_known_to_the_sections(project: Path) -> None:
    """A module and a file beside the configuration register what the rest of it names, from any folder."""
    (project / "fs_rules.py").write_text(RULE)
    (project / "fs_formats.py").write_text(FORMAT)
    rest = f"{REST}invariants: [{{type: fs_signed, by: Pia}}]\noutput: {{format: fs_headline}}\n"
    config = load_config(written(project, "[fs_rules, ./fs_formats.py]", rest))
    assert config.invariants[0].type == "fs_signed"
    assert config.output.format == ("fs_headline",)
    assert "fs_signed" in json.dumps(json_schema()["$defs"])
    assert "fs_headline" in json.dumps(json_schema()["$defs"]["OutputConfig"])


def test_a_file_is_imported_once(project: Path) -> None:
    """Two configurations of one process may list the same plugin."""
    (project / "fs_once.py").write_text(OPERATOR.format(name="fs_once"))
    path = written(project, "[fs_once.py]")
    assert load_config(path) == load_config(path)
    assert "noise.fs_once" in operators


def test_a_broken_plugin_is_an_error_at_its_line(project: Path) -> None:
    """The message has the entry, the file and what it raised; what follows from it is not told."""
    (project / "fs_broken.py").write_text("raise ValueError('{not today}')\n")
    (project / "fs_rules2.py").write_text("")
    rest = REST + "invariants: [{type: fs_unknown}]\n"
    message = refusal(written(project, "[./fs_broken.py, fs_rule2]", rest))
    assert message.startswith(f"{project / 'flakestorm.yaml'}: 2 problems")
    assert "flakestorm.yaml:1:11  plugins[0]: importing" in message
    assert "fs_broken.py failed with ValueError: {not today}" in message
    assert "flakestorm.yaml:1:27  plugins[1]: there is no module 'fs_rule2', did you mean" in message
    assert "'fs_rules2'?" in message
    assert "fs_unknown" not in message


def test_a_taken_name_is_refused_as_the_plugins(project: Path) -> None:
    """A plugin with the name of a built-in operator is the one that is told so."""
    (project / "fs_taken.py").write_text(OPERATOR.format(name="key_qwerty"))
    message = refusal(written(project, "[fs_taken]"))
    assert "operator 'noise.key_qwerty' is defined twice: in flakestorm.mutations.noise" in message
    assert "and in fs_taken.key_qwerty. Rename one of them." in message


def test_a_second_try_after_a_failure_says_what_helps(project: Path) -> None:
    """What was registered before the module failed is still there; only another process is without it."""
    (project / "fs_half.py").write_text(OPERATOR.format(name="fs_half") + "\nraise OSError('later')\n")
    path = written(project, "[fs_half]")
    assert "OSError: later" in refusal(path)
    (project / "fs_half.py").write_text(OPERATOR.format(name="fs_half"))
    assert "start Python anew" in refusal(path)


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ("fs_word", "plugins: a list is needed here, not 'fs_word'"),
        ("[3]", "plugins[0]: 3 is not text"),
        ("['']", "plugins[0]: the text is empty"),
        ("[./missing.py]", "plugins[0]: there is no file"),
    ],
)
def test_what_is_no_plugin(project: Path, plugins: str, message: str) -> None:
    """Anything but a list of names is refused by name."""
    assert message in refusal(written(project, plugins))


def test_other_problems_of_the_file_are_told_beside(project: Path) -> None:
    """A variable that is missing does not depend on plugins."""
    (project / "fs_raises.py").write_text("1 / 0\n")
    rest = REST.replace("hello", "'${FS_MISSING}'") + "invariants: [{type: completes}]\n"
    message = refusal(written(project, "[fs_raises]", rest))
    assert "ZeroDivisionError" in message
    assert "FS_MISSING" in message


def test_plugins_are_part_of_the_experiment(project: Path) -> None:
    """Another plugin may mean other trials, so the digest changes; no plugin leaves it as it was."""
    (project / "fs_experiment.py").write_text("")
    without = load_config(written(project, "[]")).digest
    assert load_config(written(project, "[fs_experiment]")).digest != without
    written(project, "[]").write_text(REST + "invariants: [{type: completes}]\n")
    assert load_config(project / "flakestorm.yaml").digest == without


def test_from_python_values_too(project: Path) -> None:
    """A configuration made directly imports its plugins from the current folder."""
    (project / "elsewhere" / "fs_values.py").write_text(RULE.replace("fs_signed", "fs_values"))
    data = {
        "plugins": ["fs_values"],
        "agent": {"endpoint": "http://localhost:8000/invoke"},
        "golden_prompts": ["hello"],
        "invariants": [{"type": "fs_values", "by": "Pia"}],
    }
    assert FlakeStormConfig.model_validate(data).invariants[0].type == "fs_values"
    with pytest.raises(ValidationError, match="there is no module 'fs_nowhere'"):
        FlakeStormConfig.model_validate({**data, "plugins": ["fs_nowhere"]})
