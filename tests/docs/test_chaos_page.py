"""What chaos.md shows is what the program prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def squeezed(text: str) -> str:
    """``text`` with all white space as one space: terminals differ in width."""
    return " ".join(text.split())


@pytest.mark.slow
def test_the_shown_run_is_true(root: Path, tmp_path: Path) -> None:
    """Line by line, of the first configuration and the first agent of the page."""
    page = (root / "docs/chaos.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    first = dict(reversed(blocks))
    (tmp_path / "agent.py").write_text(first["python"], "utf-8")
    (tmp_path / "flakestorm.yaml").write_text(first["yaml"], "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "flakestorm", "chaos"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    said = squeezed(done.stdout)
    lines = [line for line in first["text"].splitlines() if line.strip() and line != "…"]
    assert len(lines) > 5
    missing = [line for line in lines if squeezed(line) not in said]
    assert missing == [], done.stdout
