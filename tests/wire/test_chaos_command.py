"""``flakestorm chaos``: the run that ``run --chaos-only`` makes, under a shorter name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AGENT = '''
def stock(item):
    """How many are left."""
    return {"item": item, "left": 4217}

def invoke(prompt):
    for _ in range(2):
        try:
            return f"There are {stock('tent')['left']} left."
        except Exception:
            continue
    return "I cannot look that up at the moment."
'''

CONFIG = """
agent: {{type: python, endpoint: "agent.py:invoke", tools: ["agent:stock"], deterministic: true}}
golden_prompts: ["How many tents are left?"]
mutations: {{count: 3, types: [noise]}}
invariants: [{{type: contains, value: "4217"}}]
{more}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An agent that asks its tool twice."""
    (tmp_path / "agent.py").write_text(AGENT, "utf-8")
    (tmp_path / "flakestorm.yaml").write_text(CONFIG.format(more=""), "utf-8")
    return tmp_path


def flakestorm(folder: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """The exit code, what was said, and the JSON report."""
    done = subprocess.run(
        [sys.executable, "-m", "flakestorm", *arguments, "-o", "out.json", "-o", "terminal"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    report = folder / "out.json"
    told = json.loads(report.read_text("utf-8")) if report.exists() else {}
    report.unlink(missing_ok=True)
    return done.returncode, done.stdout + done.stderr, told


def under_faults(report: dict[str, Any]) -> dict[str, tuple[str, list[list[str]]]]:
    """Trial id ► its status and the faults of each call, without the control arm."""
    return {
        trial["id"]: (trial["status"], [call["fired"] for call in trial["calls"]])
        for trial in report["trials"]
        if trial["scenario"] != "no-chaos"
    }


def test_it_is_run_chaos_only(folder: Path) -> None:
    """Profiles may be repeated; the trials are the same, and none has a mutation."""
    profiles = ("tool_flap", "post_commit_timeout")
    named = [word for profile in profiles for word in ("--profile", profile)]
    code, said, report = flakestorm(folder, "chaos", *named)
    assert code == 0, said
    assert {trial["scenario"] for trial in report["trials"]} == {"no-chaos", *profiles}
    assert {trial["mutation"] for trial in report["trials"]} == {None}
    assert report["scores"]["chaos_resilience"] is not None
    longer = [word.replace("--profile", "--chaos-profile") for word in named]
    code, said, other = flakestorm(folder, "run", "--chaos-only", *longer)
    assert code == 0, said
    assert under_faults(other) == under_faults(report)
    assert len(under_faults(report)) == 2


def test_the_section_chaos_goes_first(folder: Path) -> None:
    """Without ``--profile`` it is the scenario; its score is demanded by ``--min-score``."""
    more = 'chaos: {tool_faults: [{tool: "sto*", mode: error}]}'
    (folder / "flakestorm.yaml").write_text(CONFIG.format(more=more), "utf-8")
    code, said, report = flakestorm(folder, "chaos", "--min-score", "0.5")
    assert code == 1, said
    assert list(under_faults(report).values()) == [("failed", [["error"], ["error"]])]
    assert report["scores"]["chaos_resilience"]["value"] == 0.0


def test_without_faults_all_profiles_are_run(folder: Path) -> None:
    """Those that disturb what this agent does not call prove nothing, and the run says so."""
    code, said, report = flakestorm(folder, "chaos", "--ci")
    assert {"api_outage", "hostile_tools", "quota_exhausted"} <= {t["scenario"] for t in report["trials"]}
    # A scenario in which nothing fired at all: this agent calls no language model.
    assert code == 4, said
    assert "Faults cannot reach all of the agent's calls" in said
    (finding,) = [finding for finding in report["findings"] if finding["kind"] == "unreachable"]
    assert "no call of a language model was seen" in finding["detail"]


def test_an_unknown_profile(folder: Path) -> None:
    """Exit code 2 and the nearest name, before anything is sent."""
    code, said, report = flakestorm(folder, "chaos", "--profile", "tool_flip")
    assert (code, report) == (2, {})
    assert "tool_flap" in said
