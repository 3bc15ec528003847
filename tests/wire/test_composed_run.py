"""A run with composed types that reach a sentence: stored, counted, reduced, shown and repeated by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

AGENT = '''
def reply(prompt: str) -> str:
    """Knows its keyword in one spelling only."""
    return "your refund is on its way" if "refund" in prompt else "I am not sure what you mean"
'''
CONFIG = """
agent: {type: python, endpoint: "agent.py:reply"}
golden_prompts: ["I have a question. How do I get a refund for order 4512?"]
mutations:
  count: 30
  types: [noise+paraphrase, noise+encoding_attacks]
  weights: {noise+encoding_attacks: 2}
  reach: sentence
  intensity: 1.0
invariants: [{type: contains, value: refund, on: [noise, control]}]
output: {format: json, filename_template: result}
"""


def flakestorm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The agent and its configuration."""
    (tmp_path / "agent.py").write_text(AGENT, encoding="utf-8")
    (tmp_path / "flakestorm.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_a_run_of_compositions(project: Path) -> None:
    """Each composition is a type of its own with its weight; causes and pages name it as people do."""
    done = flakestorm(
        project, "run", "-o", "reports/result.json", "-o", "reports/page.html", "-o", "terminal"
    )
    report = json.loads((project / "reports/result.json").read_text(encoding="utf-8"))
    rows = {row["type"]: row for row in report["by_type"]}
    assert set(rows) == {"noise+paraphrase", "noise+encoding_attacks"}
    assert rows["noise+encoding_attacks"]["weight"] == 2.0
    assert rows["noise+paraphrase"]["weight"] == pytest.approx(0.9)
    assert sum(row["trials"] for row in rows.values()) == 30
    assert report["causes"]
    assert any("noise + " in cause["title"] or "refund" in cause["title"] for cause in report["causes"])
    assert "Noise + Paraphrase" in (project / "reports/page.html").read_text(encoding="utf-8")
    assert "noise+paraphrase" in done.stdout


def test_compositions_can_be_selected(project: Path) -> None:
    """By their type; a name that is none is explained."""
    done = flakestorm(project, "run", "--only", "type:noise+paraphrase", "-o", "reports/result.json")
    assert done.returncode in (0, 1), done.stderr
    report = json.loads((project / "reports/result.json").read_text(encoding="utf-8"))
    assert [row["type"] for row in report["by_type"]] == ["noise+paraphrase"]
    wrong = flakestorm(project, "run", "--only", "type:noise+paraphrse")
    assert wrong.returncode == 2
    assert (
        "'paraphrse' (in 'noise+paraphrse') is not accepted here, did you mean 'paraphrase'?" in wrong.stderr
    )


def test_a_search_draws_compositions(project: Path) -> None:
    """Each operator of both types is an arm in some composition."""
    done = flakestorm(project, "run", "--strategy", "search", "--budget", "60", "-o", "reports/result.json")
    assert done.returncode in (0, 1), done.stderr
    report = json.loads((project / "reports/result.json").read_text(encoding="utf-8"))
    assert {row["type"] for row in report["by_type"]} == {"noise+paraphrase", "noise+encoding_attacks"}
