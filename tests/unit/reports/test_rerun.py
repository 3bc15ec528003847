"""The command that runs again: it must work when it is pasted."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from flakestorm.model.run import Run
from flakestorm.reports.rerun import rerun


@pytest.mark.parametrize("path", ["", "flakestorm.yaml"])
def test_the_usual_file_needs_no_word(run: Run, path: str) -> None:
    """Neither does a configuration that came from no file."""
    assert rerun(replace(run.info, config_path=path)) == "flakestorm run"


@pytest.mark.parametrize("path", ["flakestorm-demo.yaml", "my agent/it's.yaml"])
def test_another_file_is_named(run: Run, path: str) -> None:
    """As one word of the shell."""
    assert shlex.split(rerun(replace(run.info, config_path=path))) == ["flakestorm", "run", "-c", path]
