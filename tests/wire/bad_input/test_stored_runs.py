"""Stores that cannot be written, are not ours, or are in use: nothing that finished is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[..., str]
Report = Callable[[], dict[str, Any]]

SMALL_DISK = Path(__file__).with_name("small_disk.py")
POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits on file sizes")


CONFIG = """
agent: {type: python, endpoint: "agent.py:reply"}
golden_prompts: ["hello there"]
mutations: {count: 1, types: [noise]}
invariants: [{type: completes}]
"""


def on_small_disk(project: Path, limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run flakestorm where no file may have more than ``limit`` bytes."""
    return subprocess.run(
        [sys.executable, str(SMALL_DISK), str(limit), *arguments],
        cwd=project,
        # Coverage would try to write its own file there.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@POSIX_ONLY
def test_a_disk_that_fills_up(flakestorm: Program, project: Path, report: Report) -> None:
    """The run ends with exit code 3; what was stored is shown, and resuming does the rest."""
    config = project / "flakestorm.yaml"
    config.write_text(config.read_text().replace("count: 4", "count: 60") + "advanced: {rate_per_s: 100}\n")
    full = on_small_disk(project, 90_000, "run")
    assert full.returncode == 3, full.stdout + full.stderr
    assert "flakestorm run --resume" in full.stderr
    assert "Traceback" not in full.stderr
    told = flakestorm("runs").stdout
    assert "interrupted" in told
    resumed = flakestorm("run", "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "of them done before" in resumed.stdout
    assert report()["run"]["status"] == "complete"
    assert report()["totals"]["trials"] == report()["run"]["planned"]


@POSIX_ONLY
def test_a_disk_that_is_full_from_the_start(flakestorm: Program, project: Path) -> None:
    """Nothing is left that would be taken for the latest run."""
    for limit in (2_000, 16_000):
        full = on_small_disk(project, limit, "run")
        assert full.returncode == 3
        assert "free some space" in full.stderr
    assert not list(project.glob(".flakestorm/runs/*.db*"))
    assert "No runs yet" in flakestorm("runs").stdout


@POSIX_ONLY
def test_a_report_that_does_not_fit(flakestorm: Program, project: Path) -> None:
    """The run is stored, half a report is not left behind, and the message says how to get it."""
    flakestorm("run", "-q")
    done = on_small_disk(project, 3_000, "report", "latest", "-o", "page.html")
    assert done.returncode == 3
    assert "page.html: File too large" in done.stderr
    assert "flakestorm report" in done.stderr
    assert not list(project.glob("*page*"))


def test_files_that_are_no_runs(flakestorm: Program, refused: Refused, project: Path) -> None:
    """Text, another program's database, a run of the future, a damaged one: each is told by name."""
    flakestorm("run", "-q")
    folder = project / ".flakestorm/runs"
    (run,) = folder.glob("*.db")
    (folder / "20300101-000000-aaaa.db").write_text("not a database")
    foreign = sqlite3.connect(folder / "20300101-000000-bbbb.db")
    foreign.execute("CREATE TABLE things (name)")
    foreign.close()
    (folder / "20300101-000000-cccc.db").write_bytes(run.read_bytes()[:6000])
    listed = flakestorm("runs")
    assert listed.returncode == 0
    assert listed.stdout.count("unreadable") == 3
    assert run.stem in listed.stdout
    message = refused("report", "20300101-000000-b", code=3)
    assert "bbbb.db" in message
    assert "not a run of flakestorm. Move it away." in message
    assert "aaaa.db" in refused("report", "20300101-000000-a", code=3)
    assert "cccc.db" in refused("run", "--resume", "20300101-000000-c", code=3)


def test_a_file_where_the_folder_should_be(refused: Refused, project: Path) -> None:
    """The message says what is kept there, and how to keep it elsewhere."""
    (project / ".flakestorm").write_text("mine")
    message = refused("run", code=3)
    assert ".flakestorm is a file" in message
    assert "FLAKESTORM_HOME" in message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_folder_that_cannot_be_written(refused: Refused, project: Path) -> None:
    """The same, by its permissions."""
    project.chmod(0o500)
    try:
        message = refused("run", code=3)
    finally:
        project.chmod(0o700)
    assert "Permission denied" in message
    assert "FLAKESTORM_HOME" in message


def test_two_at_once(flakestorm: Program, refused: Refused, project: Path) -> None:
    """Two runs share a folder; the same run is resumed by one of them only."""
    config = project / "flakestorm.yaml"
    config.write_text(config.read_text().replace("count: 4", "count: 300") + "advanced: {rate_per_s: 1}\n")
    (project / "other.yaml").write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "flakestorm", "run", "-q"]
    first = subprocess.Popen(command, cwd=project)
    while not (begun := list(project.glob(".flakestorm/runs/*.db"))) and first.poll() is None:
        os.sched_yield()
    try:
        message = refused("run", "--resume", code=2)
        assert f"run {begun[0].stem} is going on in another process" in message
        second = flakestorm("run", "-q", "-c", "other.yaml")
        assert second.returncode == 0, second.stderr
        assert first.poll() is None, "the first was not disturbed"
    finally:
        first.kill()
        first.wait()
