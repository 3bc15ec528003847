"""``run --budget``, ``run --no-shrink`` and ``shrink`` through the program itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AGENT = '''
def agent(prompt: str) -> str:
    """Splits lines, and forgets the one before the last line end."""
    return "sorry?" if prompt.endswith("\\n") else "a refund takes five days"
'''
CONFIG = """
agent: {endpoint: "shop:agent", type: python}
golden_prompts: ["Where is my refund for order 4512?", "How do I get a refund?"]
mutations: {count: 60, types: [noise, format_poisoning]}
invariants:
  - {type: contains, value: refund}
output: {format: json, filename_template: result}
"""
TITLE = "Breaks 'contains' when the prompt has a trailing newline ("


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the agent and its configuration."""
    (tmp_path / "shop.py").write_text(AGENT)
    (tmp_path / "flakestorm.yaml").write_text(CONFIG)
    return tmp_path


def flakestorm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def report(folder: Path) -> dict[str, Any]:
    """The JSON report that the last run wrote."""
    data: dict[str, Any] = json.loads((folder / "reports/result.json").read_text())
    return data


def test_shrinking_later(project: Path) -> None:
    """A run that was told not to reduce is reduced by ``shrink``; its reports then show the minimal input."""
    first = flakestorm(project, "run", "--no-shrink")
    assert first.returncode == 0, first.stderr
    assert "Breaks 'contains' under" in first.stdout
    assert all(cause["minimal"] is None for cause in report(project)["causes"])
    later = flakestorm(project, "shrink", "latest", "--budget", "100")
    assert later.returncode == 0, later.stderr
    assert TITLE in later.stdout
    assert "⟦⏎⟧" in later.stdout
    again = flakestorm(project, "report", "latest", "-o", "reports/result.json")
    assert again.returncode == 0, again.stderr
    (cause,) = report(project)["causes"]
    assert cause["title"].startswith(TITLE)
    minimal = cause["minimal"]
    assert minimal["confirmed"]
    assert [minimal["text"][start:end] for start, end in minimal["guilty"]] == ["\n"]
    one = flakestorm(project, "shrink", f"latest:{cause['example']['id']}")
    assert one.returncode == 0, one.stderr
    wrong = flakestorm(project, "shrink", "latest:zzzz")
    assert wrong.returncode == 2
    assert "no trial whose id begins with 'zzzz'" in wrong.stderr


def test_a_search(project: Path) -> None:
    """Exactly the budget, a cause with its minimal input, no score; the scores stay comparable."""
    done = flakestorm(project, "run", "--budget", "150")
    assert done.returncode == 0, done.stderr
    assert "Found 1 distinct failure in 150 calls" in done.stdout
    assert TITLE in done.stdout
    data = report(project)
    assert data["totals"]["trials"] == 150
    assert data["scores"]["robustness"] is None
    assert (data["run"]["strategy"], data["run"]["budget"]) == ("search", 150)
    assert flakestorm(project, "score").stdout.startswith("- - - 0")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--budget", "150", "--only", "failed"), "--only names the trials to run"),
        (("--budget", "150", "--strategy", "uniform"), "a budget belongs to the strategy search"),
        (("--budget", "6"), "leaves nothing to search with"),
    ],
)
def test_what_contradicts_itself_is_refused(project: Path, arguments: tuple[str, ...], said: str) -> None:
    """Before anything is sent, with exit code 2."""
    done = flakestorm(project, "run", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
