"""The one run behind a marked test: whichever worker needs it first runs it, all others read its records."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import pytest
from filelock import FileLock

from flakestorm.core.assembly import load_run
from flakestorm.model.errors import FlakestormError, WorkError
from flakestorm.model.randomness import identifier
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Run
from flakestorm.storm.experiment import Experiment
from flakestorm.storm.running import execution_of, folder_of, run_apart

_SESSION = pytest.StashKey[str]()


def session_of(config: pytest.Config) -> str:
    """The same in all workers of one session, and in no other session."""
    worker = getattr(config, "workerinput", None)
    return worker["testrunuid"] if worker else config.stash.setdefault(_SESSION, uuid4().hex)


class SharedRun:
    """The run of ``experiment`` for the test ``name`` of a session; ``selected`` are the trials needed."""

    def __init__(self, experiment: Experiment, session: str, name: str, root: Path) -> None:
        self.experiment = experiment
        self.selected: set[str] = set()
        self.planned = 0
        self._key = identifier(session, name)
        self.root = root

    @cached_property
    def run(self) -> Run:
        """The finished run, read from the store. Raises what running it raised, in each worker."""
        folder = folder_of(self.root)
        notes = folder.folder / "pytest"
        notes.mkdir(parents=True, exist_ok=True)
        note = notes / self._key
        with FileLock(note.with_suffix(".lock")):
            if not note.exists():
                _note(note, self._started())
        word, _, text = note.read_text(encoding="utf-8").partition(" ")
        if word == "error":
            raise WorkError(text)
        return load_run(folder.open(text))

    def _started(self) -> str:
        only = None
        if len(self.selected) < self.planned:
            only = "trial:" + ",".join(sorted(self.selected))
        try:
            run = run_apart(execution_of(self.experiment, folder_of(self.root), only))
        except FlakestormError as error:
            return f"error {error}"
        return f"run {run.info.id}"

    @cached_property
    def records(self) -> dict[str, TrialRecord]:
        """Trial id → record."""
        return {record.trial.id: record for record in self.run.records()}


def _note(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    for other in path.parent.iterdir():
        # Notes of sessions that are over: only a session that lasts longer than this still needs its own.
        with suppress(OSError):
            if path.stat().st_mtime - other.stat().st_mtime > 86_400:
                other.unlink()
