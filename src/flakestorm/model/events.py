"""What the engine tells its listeners (terminal, store, live page) while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.finding import Finding
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Run, RunInfo


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins, or goes on: ``done`` of ``info.planned`` trials are already stored."""

    info: RunInfo
    done: int


@dataclass(frozen=True, slots=True)
class ControlFinished:
    """The control arm is complete: ``passed`` of ``trials`` undisturbed trials passed."""

    trials: int
    passed: int


@dataclass(frozen=True, slots=True)
class TrialFinished:
    """A trial is finished and stored."""

    record: TrialRecord


@dataclass(frozen=True, slots=True)
class Throttled:
    """The agent asked for less: ``concurrency`` is what is allowed now, after ``wait_s`` of silence."""

    concurrency: int
    wait_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class FindingMade:
    """flakestorm noticed something by itself."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Reducing:
    """``failures`` that look different are being reduced to minimal inputs, with ``budget`` calls at most."""

    failures: int
    budget: int


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended, complete or not."""

    run: Run


Event = RunStarted | ControlFinished | TrialFinished | Throttled | FindingMade | Reducing | RunFinished
