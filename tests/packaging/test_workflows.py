"""The workflows are valid, trust nothing that can change, and upload the way the page on publishing says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: (?:\./|[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request: pytest.FixtureRequest) -> Path:
    """Each workflow."""
    path: Path = request.param
    return path


@pytest.fixture(scope="module", params=["publish.yml", "rust-publish.yml"])
def jobs(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The jobs of each workflow that publishes."""
    text = (ROOT / ".github" / "workflows" / request.param).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return found


def test_it_is_valid(workflow: Path) -> None:
    """By the schema of GitHub's workflows."""
    words = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        workflow,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned(workflow: Path) -> None:
    """To a commit, which nobody can move, with the version that it is beside it."""
    used = re.findall(r"uses: .*", workflow.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not PINNED.search(line)] == []


def test_nothing_is_allowed_that_is_not_needed(workflow: Path) -> None:
    """Reading the sources; a job that needs more says so itself. No expression stands inside a script."""
    data = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert data["permissions"] == {"contents": "read"}
    for job in data["jobs"].values():
        assert "write-all" not in str(job.get("permissions"))
        assert [step for step in job.get("steps", []) if "${{" in step.get("run", "")] == []


def test_the_pythons_are_those_of_the_metadata() -> None:
    """What is tested, what the classifiers promise, and what the linters and pip go by."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["jobs"]["test"]["strategy"]["matrix"]["python"] == promised
    assert f'requires-python = ">={promised[0]}"' in project
    assert f'target-version = "py{promised[0].replace(".", "")}"' in project
    assert f'python_version = "{promised[0]}"' in project


def test_the_test_index_comes_first(jobs: dict[str, Any]) -> None:
    """And nothing is uploaded that was not tested, built and installed before."""
    assert set(jobs["test-index"]["needs"]) == {"test", "merge" if "merge" in jobs else "build"}
    assert jobs["index"]["needs"] == "test-index"
    assert [jobs[name]["environment"] for name in ("test-index", "index")] == ["testpypi", "pypi"]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (
            "a-token",
            "-m twine upload --non-interactive --skip-existing --repository NAME dist/a.whl as __token__\n",
        ),
        (
            "",
            (
                "-m pypi_attestations sign dist/a.whl as nobody\n"
                "-m twine upload --non-interactive --skip-existing --repository NAME --attestations "
                "dist/a.whl as nobody\n"
            ),
        ),
    ],
    ids=["token", "trusted publishing"],
)
@pytest.mark.parametrize("job", ["test-index", "index"])
def test_how_it_uploads(jobs: dict[str, Any], job: str, token: str, expected: str, tmp_path: Path) -> None:
    """With the token where there is one; otherwise attested, and as whom the index trusts."""
    step = next(step for step in jobs[job]["steps"] if step.get("name") == "Upload")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "a.whl").touch()
    (tmp_path / "python").write_text('#!/bin/sh\necho "$@" as "${TWINE_USERNAME-nobody}"\n')
    (tmp_path / "python").chmod(0o755)
    name = step["env"]["REPOSITORY"]
    settings = {**step["env"], "TWINE_PASSWORD": token, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    words = ["bash", "-e", "-c", step["run"]]
    done = subprocess.run(words, cwd=tmp_path, env=settings, capture_output=True, text=True, check=True)
    assert done.stdout == expected.replace("NAME", name)


def test_the_extension_is_built_for_every_platform() -> None:
    """Each wheel on a machine of its kind, where it is installed and compared with the Python twins."""
    text = (ROOT / ".github" / "workflows" / "rust-publish.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    platforms = {one["platform"]: one["options"] for one in jobs["wheel"]["strategy"]["matrix"]["include"]}
    assert set(platforms) == {
        "linux-x86_64",
        "linux-aarch64",
        "macos-x86_64",
        "macos-arm64",
        "windows-x86_64",
    }
    assert all(
        ("manylinux2014" in options) == name.startswith("linux") for name, options in platforms.items()
    )
    assert set(jobs["merge"]["needs"]) == {"wheel", "sdist"}
    assert f"-eq {len(platforms)}" in str(jobs["merge"]["steps"])
    assert "tests/unit/native" in str(jobs["wheel"]["steps"])
