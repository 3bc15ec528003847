"""The program in a process of its own, in a folder with a small agent that can be made bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Done = subprocess.CompletedProcess[str]
Program = Callable[..., Done]

AGENT = '''
def reply(prompt: str) -> str:
    """Answers everything the same way."""
    return "your refund is on its way"
'''

CONFIG = """
agent: {type: python, endpoint: "agent.py:reply"}
golden_prompts: ["How do I get a refund for order 4512?"]
mutations: {count: 4, types: [noise]}
invariants: [{type: contains, value: refund}]
output: {format: json, filename_template: result}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which ``flakestorm run`` is all good."""
    (tmp_path / "agent.py").write_text(AGENT, encoding="utf-8")
    (tmp_path / "flakestorm.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def flakestorm(project: Path) -> Program:
    """Runs the program in ``project``: ``flakestorm("run", "-q", env={...}, cwd=..., **for_subprocess)``."""

    def run(*arguments: str, env: dict[str, str] | None = None, cwd: Path = project, **more: Any) -> Done:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.run(
            [sys.executable, "-m", "flakestorm", *arguments],
            cwd=cwd,
            env={**os.environ, "NO_COLOR": "1", **(env or {})},
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            **streams,
        )

    return run


@pytest.fixture
def refused(flakestorm: Program) -> Callable[..., str]:
    """Runs a command that must end with ``code`` and one message, which it returns."""

    def run(*arguments: str, code: int, **more: Any) -> str:
        done = flakestorm(*arguments, **more)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        assert "internal error" not in said
        assert len(done.stderr) < 4000, "a message is for people"
        return done.stderr

    return run


@pytest.fixture
def report(project: Path) -> Callable[[], dict[str, Any]]:
    """Reads the JSON report that the last run wrote."""

    def read() -> dict[str, Any]:
        data: dict[str, Any] = json.loads((project / "reports/result.json").read_text(encoding="utf-8"))
        return data

    return read
