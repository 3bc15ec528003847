"""Programs that are not there are told before a run, with the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flakestorm.agents.program import check_program
from flakestorm.model.errors import AgentUnreachable


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory with one program and one file that is none."""
    program = tmp_path / "my-agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "notes").write_text("")
    return tmp_path


def test_program_on_the_path(programs: Path) -> None:
    """The PATH that the program gets is the one that counts."""
    check_program("my-agent", ".", {"PATH": str(programs)}, "agent")
    with pytest.raises(
        AgentUnreachable, match=r"agent\.command: there is no program 'my-agnet' on the PATH, did"
    ):
        check_program("my-agnet", ".", {"PATH": f"{programs}:/nowhere-at-all"}, "agent")
    with pytest.raises(AgentUnreachable, match=r"'zzzzqqqq' on the PATH\. Install it"):
        check_program("zzzzqqqq", ".", {}, "agent.serve")


def test_program_by_its_path(programs: Path) -> None:
    """Relative paths start at the program's directory."""
    check_program("./my-agent", str(programs), {}, "agent")
    check_program(str(programs / "my-agent"), ".", {}, "agent")
    with pytest.raises(AgentUnreachable, match="did you mean 'my-agent'"):
        check_program("./my_agent", str(programs), {}, "agent")
    with pytest.raises(AgentUnreachable, match=r"no program .*nowhere"):
        check_program("./sub/nowhere", str(programs), {}, "agent")
    with pytest.raises(AgentUnreachable, match=r"notes is not executable\. Run: chmod \+x"):
        check_program("./notes", str(programs), {}, "agent")


def test_directory_that_is_not_there(programs: Path) -> None:
    """The directory is checked first."""
    with pytest.raises(AgentUnreachable, match=r"agent\.serve\.cwd: there is no directory .*missing"):
        check_program("my-agent", str(programs / "missing"), {}, "agent.serve")
