"""What the documentation shows is done: configurations load, programs run, commands end as they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.replay_sessions import read_session_file
from flakestorm.core.yaml_source import parse_yaml

BASE = {
    "agent": {"endpoint": "http://localhost:8000/invoke"},
    "golden_prompts": ["Hello?"],
    "invariants": [{"type": "completes"}],
}
"""What a fragment of a configuration is completed with."""

PLUGINS = "plugins"
"""Marks a configuration that needs the plugins of its page; it loads when the page's commands run."""


class AnyVariable(dict[str, str]):
    """An environment in which every variable is set."""

    def get(self, key: str, default: Any = None) -> Any:
        """A harmless value."""
        return "a-value-of-the-environment"


SESSION = "session"
"""Marks a file with a recorded session."""


def test_yaml_blocks_are_configurations(yaml_block: Any, tmp_path: Path) -> None:
    """A whole configuration loads as it is, a fragment when it is completed; and so do session files."""
    if SESSION in yaml_block.info:
        _write(tmp_path / "session.yaml", yaml_block.text)
        assert read_session_file(tmp_path / "session.yaml")
        return
    if PLUGINS in yaml_block.info:
        pytest.skip("needs the plugins of its page: test_commands_end_as_the_page_says loads it")
    data = parse_yaml(yaml_block.text, str(yaml_block)).value
    whole = {"agent", "golden_prompts"} <= set(data)
    text = yaml_block.text if whole else yaml.safe_dump({**BASE, **data})
    config = FlakeStormConfig.from_yaml(text, str(yaml_block), AnyVariable())
    assert config.golden


def test_python_blocks_run(python_block: Any, tmp_path: Path) -> None:
    """Each block is a whole program, and warnings are errors in it."""
    done = _run([sys.executable, "-W", "error", "-c", python_block.text], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_commands_end_as_the_page_says(commands_page: Any, tmp_path: Path, root: Path) -> None:
    """Files of a page are written and its flakestorm commands run, in the order of the page."""
    _write(tmp_path / "agent.py", DEFAULT_AGENT)
    _write(tmp_path / "flakestorm.yaml", DEFAULT_CONFIG)
    for block in commands_page.blocks:
        name = block.option("file")
        if name is not None:
            _write(tmp_path / name, block.text, "append" in block.info)
            if name == "pyproject.toml":
                _install(tmp_path, block.text)
        elif block.language == "console":
            commands = _commands(block.text)
            for command, expected in zip(commands, _codes(block, len(commands)), strict=True):
                _check(command, expected, tmp_path, root, str(block))


def _codes(block: Any, count: int) -> list[int]:
    """The exit code of each of ``count`` commands: 0, ``exit=1`` for all, or ``exit=0,1`` in their order."""
    codes = [int(code) for code in (block.option("exit") or "0").split(",")]
    return codes * count if len(codes) == 1 else codes


def _check(command: str, expected: int, folder: Path, root: Path, where: str) -> None:
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE)
        assert set(words[1:]) <= set(targets), f"{where}: {command}"
    elif words[0] == "flakestorm" and words[1] == "demo":
        # It has tests of its own and takes seconds; that there is such a command is enough here.
        done = _run([sys.executable, "-m", "flakestorm", "demo", "--help"], folder)
        assert done.returncode == 0, f"{where}: {command}\n{done.stderr}"
    elif words[0] == "flakestorm":
        done = _run([sys.executable, "-m", *words], folder)
        assert done.returncode == expected, f"{where}: {command}\n{done.stdout}\n{done.stderr}"
        assert "was left out" not in done.stderr
    elif words[:3] == ["python", "-m", "pytest"]:
        done = _run([sys.executable, *words[1:], "-p", "no:cacheprovider", "-p", "no:asyncio"], folder)
        assert done.returncode == expected, f"{where}: {command}\n{done.stdout}\n{done.stderr}"
    else:
        assert words[0] in ("pip", "git", "cd", "python", "pre-commit"), f"{where}: who runs {command}?"


def _commands(text: str) -> list[str]:
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "FLAKESTORM_HOME"}
    path = os.pathsep.join(filter(None, (str(folder), environment.get("PYTHONPATH"))))
    return subprocess.run(
        words,
        cwd=folder,
        env={**environment, "PYTHONPATH": path, "PYTHONWARNINGS": "error::UserWarning"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def _write(path: Path, text: str, append: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if append else "w", encoding="utf-8") as file:
        file.write(("\n\n" if append else "") + text)


def _install(folder: Path, project: str) -> None:
    """What ``pip install`` would leave of a project's metadata: enough for its entry points to be found."""
    lines = []
    for line in project.splitlines():
        group = re.fullmatch(r'\[project\.entry-points\."([\w.]+)"\]', line)
        entry = re.fullmatch(r'(\w+) = "([\w.:]+)"', line)
        if group:
            lines.append(f"[{group[1]}]")
        elif entry and lines:
            lines.append(f"{entry[1]} = {entry[2]}")
    metadata = folder / "house_plugins-1.0.dist-info"
    metadata.mkdir()
    _write(metadata / "METADATA", "Metadata-Version: 2.1\nName: house-plugins\nVersion: 1.0\n")
    _write(metadata / "entry_points.txt", "\n".join(lines) + "\n")


DEFAULT_AGENT = '''
"""A small agent: the pages that bring none of their own run their commands against it."""

import re


def invoke(prompt: str) -> str:
    """Give back whatever token is planted, so that it falls short whatever the wording; else, be right."""
    planted = re.search(r"FS-\\w{4}-\\w{4}", prompt)
    if planted:
        return planted[0]
    return "It arrives on Friday." if "order 4512" in prompt else "Which order?"
'''

DEFAULT_CONFIG = """
agent: {type: python, endpoint: "agent:invoke", deterministic: true}
golden_prompts: ["When does order 4512 arrive?", "Is order 4512 on its way?"]
mutations: {count: 14}
invariants:
  - {type: completes}
  - {type: contains, value: Friday}
"""
