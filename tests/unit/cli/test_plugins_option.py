"""Commands that read no configuration for their work know its plugins with ``-c``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = '''
from typing import Literal

from flakestorm.invariants.config import Rule
from flakestorm.invariants.judgements import PASSED
from flakestorm.invariants.registry import Scope, invariant
from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.registry import Draft, operator
from flakestorm.reports.formats import Format, formats


@operator("noise", "fs_sign", Kind.PRESERVES_MEANING)
def fs_sign(source, rng, intensity):
    """Adds a sign."""
    return Draft((Edit(0, 0, "!"),))


class SignedRule(Rule):
    """Options."""

    type: Literal["fs_signed"] = "fs_signed"


@invariant("fs_signed", SignedRule, Scope.CONDUCT)
def signed(options):
    """Is signed."""
    return lambda subject: PASSED


def write(run, out):
    """The headline."""
    out.write(run.assessment.headline.encode())


formats.add("fs_headline", Format(".headline.txt", write), __name__)
'''
AGENT = """
def invoke(prompt):
    return "It arrives on Friday."
"""
CONFIG = """
plugins: [./our_plugins.py]
agent: {type: python, endpoint: "our_agent:invoke", deterministic: true}
golden_prompts: ["When does order 4512 arrive?"]
mutations: {count: 2, types: [noise]}
invariants: [{type: fs_signed}]
output: {format: fs_headline}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a plugin and one stored run."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "our_plugins.py").write_text(PLUGIN)
    (folder / "our_agent.py").write_text(AGENT)
    (folder / "flakestorm.yaml").write_text(CONFIG)
    done = flakestorm(folder, "run")
    assert done.returncode == 0, done.stderr
    return folder


def flakestorm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_run_writes_the_format_of_the_file(project: Path) -> None:
    """``output.format`` takes a format that a plugin brought, and the run writes it."""
    (report,) = (project / "reports").glob("*.headline.txt")
    assert report.read_text("utf-8").startswith("Keeps its rules in 100")


def test_mutations(project: Path) -> None:
    """The list of operators has the project's own."""
    listed = flakestorm(project, "mutations", "--list", "-t", "noise", "--json", "-c", "flakestorm.yaml")
    assert "noise.fs_sign" in [item["operator"] for item in json.loads(listed.stdout)]


def test_schema(project: Path) -> None:
    """The schema for editors has the project's own rule and format."""
    assert "fs_signed" in flakestorm(project, "schema", "config", "-c", "flakestorm.yaml").stdout


def test_report(project: Path) -> None:
    """A stored run is written in the project's own format; without the plugins that is unknown."""
    written = flakestorm(project, "report", "latest", "-o", "run.headline.txt", "-c", "flakestorm.yaml")
    assert (written.returncode, written.stdout) == (0, "Wrote run.headline.txt\n")
    assert (project / "run.headline.txt").stat().st_size
    refused = flakestorm(project, "report", "latest", "-o", "fs_headline")
    assert refused.returncode == 2
    assert "no report format has this name" in refused.stderr
