"""``flakestorm demo`` in this process: its file, its exit codes, what it prints and opens."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flakestorm.cli.main import app
from flakestorm.core.config import FlakeStormConfig
from flakestorm.demo.configuration import FILE, demo_configuration, place_configuration
from flakestorm.model.errors import WorkError


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a demo configuration that was changed: fewer mutations, one type."""
    monkeypatch.chdir(tmp_path)
    text = demo_configuration().replace("count: 48", "count: 2").replace("    - length_extremes", "    #")
    (tmp_path / FILE).write_text(text)
    return tmp_path


def test_the_packaged_configuration_loads() -> None:
    """With the Python that runs now, whatever its path looks like."""
    config = FlakeStormConfig.from_yaml(demo_configuration('C:\\my "py"\\python.exe'))
    assert config.agent.serve is not None
    assert config.agent.serve.command[0] == 'C:\\my "py"\\python.exe'
    assert len(config.golden) == 7
    assert len(config.mutations.types) == 8


def test_the_file_is_written_once(tmp_path: Path) -> None:
    """A file that was changed is left as it is, and said to be changed."""
    file = tmp_path / FILE
    assert place_configuration(file)
    assert json.dumps(sys.executable) in file.read_text()
    assert place_configuration(file)
    file.write_text("changed")
    assert not place_configuration(file)
    assert file.read_text() == "changed"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Is explained."""
    with pytest.raises(WorkError, match="Change to a folder of yours"):
        place_configuration(tmp_path / "nowhere" / FILE)


def test_a_weak_agent_is_no_failure_of_the_demo(small: Path) -> None:
    """Exit code 0, the story, and what to do next; the changed file is used and named."""
    done = CliRunner().invoke(app, ["demo", "-o", "out.json", "-o", "terminal"])
    assert done.exit_code == 0, done.output
    data = json.loads((small / "out.json").read_text())
    assert data["run"]["planned"] == 21 + 7 * 2 + 7 * 4 + 1
    assert data["run"]["config_path"] == str(FILE)
    assert f"{FILE}, used as you have changed it" in done.output
    assert "flakestorm init" in done.output
    assert not (small / "reports").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a pipe that holds the whole run")
def test_json_lines_are_written_live(small: Path) -> None:
    """Each trial is in the file before the run is over; the finished report then takes its place."""
    import fcntl

    file = small / "live.jsonl"
    os.mkfifo(file)
    pipe = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
    done = CliRunner().invoke(app, ["demo", "-o", "live.jsonl"])
    assert done.exit_code == 0, done.output
    with open(pipe, encoding="utf-8") as live:
        first, *trials = map(json.loads, live)
    assert first["run"]["status"] == "running"
    whole, *same = map(json.loads, file.read_text("utf-8").splitlines())
    assert whole["run"]["status"] == "complete"
    assert sorted(trial["id"] for trial in trials) == sorted(trial["id"] for trial in same)


def test_the_report_is_opened(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where only another format was asked for."""
    reader = small / "reader.py"
    reader.write_text("import sys; open('opened', 'w').write(sys.argv[1])")
    monkeypatch.setenv("BROWSER", f"{shlex.quote(sys.executable)} {reader} %s")
    # The list of browsers was made when the module was imported first.
    monkeypatch.delitem(sys.modules, "webbrowser", raising=False)
    done = CliRunner().invoke(app, ["demo", "--open", "-o", "out.json"])
    assert done.exit_code == 0, done.output
    (page,) = (small / "reports").glob("flakestorm-demo-*.html")
    assert (small / "opened").read_text() == page.as_uri()


def test_an_agent_that_does_not_start(small: Path) -> None:
    """Is a failure of the demo: exit code 3."""
    file = small / FILE
    file.write_text(file.read_text().replace("flakestorm.demo.agent", "flakestorm.demo.agnet"))
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 3
    assert "agnet" in done.output
