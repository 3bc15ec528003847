"""``flakestorm reliability`` on a real agent: the grid, its report, resuming, and one trial again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

AGENT = """
def lookup(city):
    return "18 degrees"

def agent(text):
    if "lisbon" not in text.lower():
        return "Which city?"
    try:
        return lookup("Lisbon")
    except Exception:
        return "No idea."
"""
CONFIG = """
agent: {type: python, endpoint: "agent:agent", tools: ["agent:lookup"]}
golden_prompts: ["What is the weather in Lisbon?", "How warm is Lisbon today?"]
mutations: {types: [noise]}
invariants: [{type: contains, value: degrees}]
chaos:
  tool_faults: [{tool: lookup, mode: error, error_code: 503, on_calls: [7]}]
"""
GRID = ("--k", "1,2", "--epsilon", "0,.4", "--lambda", "0,.5,1", "--repeats", "4")


def flakestorm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    command = [sys.executable, "-m", "flakestorm", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with an agent that a failing tool makes useless."""
    (tmp_path / "agent.py").write_text(AGENT)
    (tmp_path / "flakestorm.yaml").write_text(CONFIG)
    return tmp_path


def test_the_surface_falls_with_the_fault_rate(folder: Path) -> None:
    """Perfect undisturbed, nothing where every call fails; each point has trials with ids of their own."""
    done = flakestorm(folder, "reliability", *GRID, "-o", "r.json", "-o", "r.html", "--ci")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "k=2 λ=1" in done.stdout
    report = json.loads((folder / "r.json").read_text())
    assert report["run"]["strategy"] == "reliability"
    points = {(p["epsilon"], p["lambda"]): p for p in report["reliability"]["points"]}
    assert {point["judged"] for point in points.values()} == {8}
    heights = {at: point["reliability"][0]["value"] for at, point in points.items()}
    assert heights[0, 0] == 1.0
    assert heights[0, 1] == heights[0.4, 1] == 0.0
    assert 0 < heights[0, 0.5] < 1
    assert points[0, 1]["fired"] == 8
    assert report["scores"]["overall"] is None
    assert report["reliability"]["summary"][0]["breaks_at"][0] == {"epsilon": 0.0, "lambda": 0.5}
    assert len({trial["id"] for trial in report["trials"]}) == 48
    assert "surface-picture" in (folder / "r.html").read_text()
    worst = [t for t in report["trials"] if t["scenario"] == "ε=0.4 λ=1"]
    failed = next(t for t in worst if t["status"] == "failed")
    again = flakestorm(folder, "run", "--only", f"trial:{failed['id']}", "-o", "one.json", "--ci")
    assert again.returncode in (0, 1), again.stderr
    trials = json.loads((folder / "one.json").read_text())["trials"]
    assert [t["status"] for t in trials if t["id"] == failed["id"]] == ["failed"]


def test_an_interrupted_surface_goes_on(folder: Path) -> None:
    """What is left is done, and the surface is that of an uninterrupted run."""
    text = CONFIG + "advanced: {max_calls: 20}\n"
    (folder / "flakestorm.yaml").write_text(text)
    first = flakestorm(folder, "reliability", *GRID, "-o", "half.json", "--ci")
    assert first.returncode == 4, first.stdout + first.stderr
    (folder / "flakestorm.yaml").write_text(CONFIG)
    rest = flakestorm(folder, "reliability", "--resume", "-o", "whole.json", "--ci")
    assert rest.returncode == 0, rest.stdout + rest.stderr
    once = flakestorm(folder, "reliability", *GRID, "-o", "once.json", "--ci")
    assert once.returncode == 0
    whole, single = (json.loads((folder / f"{name}.json").read_text()) for name in ("whole", "once"))
    assert whole["reliability"] == single["reliability"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--k", "0"), "whole numbers from 1"),
        (("--epsilon", "0,1.5"), "--epsilon"),
        (("--lambda", "x"), "--lambda"),
        (("--k", "4", "--repeats", "2"), "needs at least 4 trials"),
        (("other.yaml",), "one word too many"),
        (("--profile", "nosuch"), "unknown chaos profile"),
    ],
)
def test_wrong_usage_is_explained(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit code 2, and what is accepted."""
    done = flakestorm(folder, "reliability", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
