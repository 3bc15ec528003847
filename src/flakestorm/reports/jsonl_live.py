"""JSON Lines while the run goes on: each trial is in the file as soon as it is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from flakestorm.model.errors import WorkError
from flakestorm.model.events import Event, RunFinished, RunStarted, TrialFinished
from flakestorm.model.run import RunInfo
from flakestorm.reports.json_text import json_bytes
from flakestorm.reports.run_dict import SCHEMA


class LiveJsonl:
    """A listener. The first line has the run's facts with status ``running`` and no numbers yet.

    The finished report, whose first line is complete, replaces the file when the run is over; if the run
    is killed, this file stays with what had finished.
    """

    def __init__(self, path_of: Callable[[RunInfo], Path]) -> None:
        self._path_of = path_of
        self._out: BinaryIO | None = None

    def __call__(self, event: Event) -> None:
        """Write what ``event`` says. Raises ``WorkError`` when the file cannot be written."""
        if isinstance(event, TrialFinished):
            self._line(event.record.to_dict())
        elif isinstance(event, RunStarted):
            self._open(event.info)
        elif isinstance(event, RunFinished):
            self.stop()

    def stop(self) -> None:
        """Close the file; safe to call twice."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _open(self, info: RunInfo) -> None:
        path = self._path_of(info)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._out = path.open("wb", buffering=0)
        except OSError as error:
            raise WorkError(f"{path} cannot be written: {error.strerror or error}") from error
        facts = asdict(info)
        self._line({"schema": SCHEMA, "flakestorm": facts.pop("version"), "run": facts})

    def _line(self, value: object) -> None:
        if self._out is None:
            return
        try:
            self._out.write(json_bytes(value) + b"\n")
        except OSError:
            # The run is stored anyway, and losing a copy is no reason to end it.
            self.stop()
