"""Every folder of examples/, run as its README says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/flakestorm.yaml"))
WITHIN_S = 120
"""Much more than it takes, for a machine under load."""
WEAK_SPOT = {
    "command_line": "noise",
    "fastapi_agent": "noise",
    "langgraph_agent": "language_mixing",
    "python_function": "paraphrase",
}
"""What each README tells its reader to look at, or what the code is weak against."""


def flakestorm(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the program in ``folder``, where ``python`` is the one that has everything installed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the example, so that runs and reports stay out of the project."""
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


@pytest.mark.parametrize("folder", NAMES, indirect=True)
def test_the_example_runs(folder: Path) -> None:
    """Exit code 0, every undisturbed prompt right, nothing errored, the weak spot found."""
    done = flakestorm(folder, "run", "-o", "out.json", "-o", "terminal")
    assert done.returncode == 0, done.stdout + done.stderr
    data: dict[str, Any] = json.loads((folder / "out.json").read_text())
    config = yaml.safe_load((folder / "flakestorm.yaml").read_text())
    prompts, count = len(config["golden_prompts"]), config["mutations"]["count"]
    assert data["run"]["planned"] == prompts * (count + 1)
    assert data["totals"]["errored"] == data["totals"]["inconclusive"] == 0
    assert {trial["status"] for trial in data["trials"] if trial["mutation"] is None} == {"passed"}
    failed = {trial["mutation"]["type"] for trial in data["trials"] if trial["status"] == "failed"}
    assert WEAK_SPOT[folder.name] in failed
    assert data["scores"]["robustness"]["value"] > 0.7
    assert (folder / "README.md").read_text().count("flakestorm run") >= 1


@pytest.mark.parametrize("folder", ["python_function"], indirect=True)
def test_the_example_verifies(folder: Path) -> None:
    """As the index of the examples says."""
    done = flakestorm(folder, "verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_index_is_complete() -> None:
    """It names every folder."""
    index = (EXAMPLES / "README.md").read_text()
    assert sorted(WEAK_SPOT) == NAMES
    assert all(f"]({name})" in index for name in NAMES)
