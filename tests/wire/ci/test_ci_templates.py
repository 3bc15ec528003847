"""The action and the templates are valid, and their scripts do in a project what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flakestorm.core.project_files import CI_FILES, ci_file
from flakestorm.version import __version__

ROOT = Path(__file__).resolve().parents[3]

AGENT = """
def invoke(prompt):
    return "It arrives on Friday."
"""
CONFIG = """
agent: {type: python, endpoint: "agent.py:invoke", deterministic: true}
golden_prompts: ["When does order 4512 arrive?"]
mutations: {count: 120, types: [noise, tone_shift, paraphrase]}
invariants: [{type: contains, value: Friday}]
"""
PYTHON = (
    '#!/bin/sh\nif [ "$1" = -m ] && [ "$2" != pip ]; then exec "{python}" "$@"; fi\necho "$@" >> "$LOG"\n'
)
FLAKESTORM = '#!/bin/sh\necho "flakestorm $*" >> "$LOG"\nexec "{python}" -m flakestorm "$@"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project, and a folder ``bin`` with a ``python`` that installs nothing and notes what was asked."""
    (tmp_path / "agent.py").write_text(AGENT, "utf-8")
    (tmp_path / "flakestorm.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "bin").mkdir()
    for name, text in (("python", PYTHON), ("flakestorm", FLAKESTORM)):
        file = tmp_path / "bin" / name
        file.write_text(text.replace("{python}", sys.executable), "utf-8")
        file.chmod(0o755)
    return tmp_path


def shell(folder: Path, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` as GitHub does; what was called is in ``calls``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "CI_"))}
    path = os.pathsep.join((str(folder / "bin"), kept["PATH"]))
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": path, "LOG": str(folder / "calls"), **more},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def action() -> dict[str, Any]:
    """The steps of the action by their names."""
    data = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    return {step.get("name", step.get("uses")): step for step in data["runs"]["steps"]}


@pytest.mark.parametrize(
    ("schema", "system"), [("vendor.github-workflows", "github"), ("vendor.gitlab-ci", "gitlab")]
)
def test_templates_are_valid(tmp_path: Path, schema: str, system: str) -> None:
    """By the schemas of those who read them."""
    file = tmp_path / "file.yml"
    file.write_text(ci_file(system), "utf-8")
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_action_is_valid_and_pinned() -> None:
    """By GitHub's schema; what it uses cannot be moved, and no expression stands inside a script."""
    file = ROOT / "action.yml"
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", file]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    used = re.findall(r"uses: (.*)", file.read_text("utf-8"))
    assert used
    assert all(re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in used)
    assert [step for step in action().values() if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("command", ["validate-manifest", "validate-config"])
def test_pre_commit_reads_them(tmp_path: Path, command: str) -> None:
    """The hooks of this repository, and the configuration that uses them."""
    file = ROOT / ".pre-commit-hooks.yaml"
    if command == "validate-config":
        file = tmp_path / "config.yaml"
        file.write_text(ci_file("pre-commit"), "utf-8")
        known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
        (repository,) = yaml.safe_load(file.read_text("utf-8"))["repos"]
        assert {hook["id"] for hook in repository["hooks"]} == known
    words = [sys.executable, "-m", "pre_commit", command, file]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_do_what_they_say(folder: Path) -> None:
    """They are run as they are written: a good configuration passes, a wrong one does not."""
    hooks = {
        hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    }
    assert shell(folder, hooks["flakestorm-config"]["entry"]).returncode == 0
    assert shell(folder, hooks["flakestorm-ci"]["entry"]).returncode == 0
    (folder / "flakestorm.yaml").write_text(CONFIG + "asert: []\n", "utf-8")
    done = shell(folder, hooks["flakestorm-config"]["entry"])
    assert done.returncode == 2
    assert "did you mean" in done.stderr


@pytest.mark.parametrize(("version", "installed"), [("", "flakestorm"), ("3.0.0", "flakestorm==3.0.0")])
def test_the_action_installs(folder: Path, version: str, installed: str) -> None:
    """The newest version, or the one that is asked for."""
    done = shell(folder, action()["Install flakestorm"]["run"], VERSION=version)
    assert done.returncode == 0, done.stderr
    assert (folder / "calls").read_text("utf-8") == f"-m pip install {installed}\n"


def test_the_action_runs(folder: Path) -> None:
    """Its inputs become options, its outputs are written also where it fails, and so are the reports."""
    script = action()["Run flakestorm"]["run"]
    given = {"CONFIG": "flakestorm.yaml", "MIN_SCORE": "", "BASELINE": "", "MORE": "", "REPORT": "out"}
    outputs = folder / "outputs"
    done = shell(folder, script, **given, GITHUB_OUTPUT=str(outputs))
    assert done.returncode == 0, done.stdout + done.stderr
    assert outputs.read_text("utf-8") == "exit-code=0\nreport=out\nsarif=out/report.sarif\n"
    assert (folder / "out/report.sarif").is_file()
    asked = {"MIN_SCORE": "0.99", "BASELINE": "out/report.json", "MORE": "--fail-on low --margin 20%"}
    (folder / "agent.py").write_text(AGENT.replace("Friday", "Monday"), "utf-8")
    done = shell(folder, script, **{**given, **asked}, GITHUB_OUTPUT=str(outputs))
    assert done.returncode == 1, done.stdout + done.stderr
    assert outputs.read_text("utf-8").splitlines()[3] == "exit-code=1"
    assert (folder / "calls").read_text("utf-8").splitlines()[-1] == (
        "flakestorm ci --config flakestorm.yaml --output out/ --min-score 0.99 --baseline out/report.json "
        "--fail-on low --margin 20%"
    )


def test_the_github_workflow_uses_the_action_as_it_is() -> None:
    """Every input that it gives is one, the version is this one, and only pushes are kept for later."""
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    data = yaml.safe_load(ci_file("github"))
    steps = data["jobs"]["flakestorm"]["steps"]
    (ours,) = [step for step in steps if step.get("uses", "").startswith("flakestorm/")]
    assert ours["uses"] == f"flakestorm/flakestorm@v{__version__}"
    assert set(ours["with"]) <= set(inputs)
    (save,) = [step for step in steps if step.get("uses", "").startswith("actions/cache/save@")]
    assert "github.event_name == 'push'" in save["if"]
    assert data["permissions"] == {"contents": "read"}


def test_the_gitlab_job_runs(folder: Path) -> None:
    """On the default branch alone; in a merge request against the newest run of its target."""
    script = "\n".join(yaml.safe_load(ci_file("gitlab"))["flakestorm"]["script"])
    head = folder / ".git/HEAD"
    head.parent.mkdir()
    head.write_text("ref: refs/heads/main\n", "utf-8")
    done = shell(folder, script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "flakestorm-report/report.junit.xml").is_file()
    head.write_text("ref: refs/heads/change\n", "utf-8")
    done = shell(folder, script, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert "Not worse" in done.stdout or "NOT WORSE" in done.stdout, done.stdout + done.stderr
    calls = (folder / "calls").read_text("utf-8").splitlines()
    assert calls[0] == f"-m pip install flakestorm=={__version__}"
    assert calls[-1] == "flakestorm ci -o flakestorm-report/ --baseline main@latest"


def test_the_jenkins_scripts_run(folder: Path) -> None:
    """Both shell blocks, in their order; the environment that the first one makes is the folder ``bin``."""
    text = ci_file("jenkins")
    first, second = re.findall(r"'''\n(.*?)'''", text, re.DOTALL)
    environment = folder / ".venv-flakestorm/bin"
    environment.mkdir(parents=True)
    (environment / "activate").write_text("", "utf-8")
    (folder / "bin/python").write_text('#!/bin/sh\necho "$@" >> "$LOG"\n', "utf-8")
    assert shell(folder, first).returncode == 0
    done = shell(folder, second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "calls").read_text("utf-8").splitlines() == [
        "-m venv .venv-flakestorm",
        f"-m pip install flakestorm=={__version__}",
        "flakestorm ci -o flakestorm-report/",
    ]
    assert text.count("{") == text.count("}")
    assert "{version}" not in text


def test_init_writes_them_and_replaces_nothing(folder: Path) -> None:
    """The configuration that is there stays; a file of CI that is there needs --force."""
    words = " ".join(f"--ci {system}" for system in CI_FILES)
    done = shell(folder, f"flakestorm init {words}")
    assert done.returncode == 0, done.stderr
    for system, (_, place) in CI_FILES.items():
        assert (folder / place).read_text("utf-8") == ci_file(system)
    assert (folder / "flakestorm.yaml").read_text("utf-8") == CONFIG
    (folder / "Jenkinsfile").write_text("mine", "utf-8")
    done = shell(folder, "flakestorm init --ci jenkins")
    assert done.returncode == 2
    assert "Jenkinsfile exists" in done.stderr
    assert shell(folder, "flakestorm init --ci jenkins --force").returncode == 0
    assert (folder / "Jenkinsfile").read_text("utf-8") == ci_file("jenkins")
    done = shell(folder, "flakestorm init --ci travis")
    assert done.returncode == 2
