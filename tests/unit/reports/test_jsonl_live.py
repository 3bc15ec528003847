"""The JSON Lines file that grows with the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flakestorm.model.errors import WorkError
from flakestorm.model.events import RunFinished, RunStarted, TrialFinished
from flakestorm.model.run import Run
from flakestorm.reports.jsonl_live import LiveJsonl


def test_each_trial_is_there_at_once(run: Run, tmp_path: Path) -> None:
    """First the run, then a line a trial, complete lines at every moment."""
    path = tmp_path / "new" / "live.jsonl"
    live = LiveJsonl(lambda _: path)
    live(RunStarted(replace(run.info, status="running"), 0))
    for number, record in enumerate(list(run.records())[:20], start=1):
        live(TrialFinished(record))
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert lines[0]["run"]["status"] == "running"
        assert len(lines) == 1 + number
        assert lines[-1] == record.to_dict()
    live(RunFinished(run))
    live(TrialFinished(next(run.records())))
    assert len(path.read_text().splitlines()) == 21


def test_a_path_that_cannot_be_written_is_told_before_the_run(run: Run, tmp_path: Path) -> None:
    """A folder stands for everything that cannot be opened."""
    live = LiveJsonl(lambda _: tmp_path)
    with pytest.raises(WorkError, match="cannot be written"):
        live(RunStarted(run.info, 0))
    live.stop()
