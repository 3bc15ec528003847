"""Runs an experiment to its end, whatever event loop the test has."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from threading import Thread

from flakestorm.core.contract_matrix import Contract
from flakestorm.core.contract_run import contract_chaos
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.model.run import Run
from flakestorm.store.runs import RunFolder
from flakestorm.storm.experiment import Experiment


def folder_of(root: Path) -> RunFolder:
    """Where the runs of tests are stored: ``.flakestorm`` below ``root``, or what FLAKESTORM_HOME says."""
    return RunFolder() if os.environ.get("FLAKESTORM_HOME") else RunFolder(root / ".flakestorm")


def execution_of(experiment: Experiment, folder: RunFolder, only: str | None = None) -> Execution:
    """The run of ``experiment``, ready to start; ``only`` selects some of its trials."""
    chaos = experiment.chaos
    if experiment.contract is not None:
        chaos = contract_chaos(Contract.wanted(experiment.config, experiment.contract))
    return Execution(
        experiment.config, Wishes(only=only, target=experiment.target, chaos=chaos, folder=folder)
    )


def run_apart(execution: Execution) -> Run:
    """The finished run, in a thread with an event loop of its own.

    That of the test may be running, and what a plugin for asynchronous tests keeps of it is not touched.
    """
    found: list[Run] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.append(asyncio.run(execution.run()))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the caller is
            raised.append(error)

    # Ctrl-C must not wait for it: what has finished is stored.
    thread = Thread(target=work, name="flakestorm", daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return found[0]
