"""``flakestorm shrink``: the smallest inputs that still make the agent fail."""

from __future__ import annotations

from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import DEFAULT_CONFIG, ConfigOption, QuietOption


@bounded
def shrink(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN[:TRIAL]", help="A stored run (its id, or 'latest'), or one trial of it."),
    ] = "latest",
    config: ConfigOption = DEFAULT_CONFIG,
    budget: Annotated[
        int | None,
        typer.Option("--budget", min=4, metavar="N", help="Most calls to spend; default 40 to 400."),
    ] = None,
    quiet: QuietOption = False,
) -> int:
    """Reduce the failures of a stored run to minimal inputs.

    What is found is stored with the run, so that every report of it shows it.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.core.execution import Execution
    from flakestorm.loop import run_async
    from flakestorm.reports.live import LiveProgress
    from flakestorm.reports.terminal import print_run

    wanted, _, trial = run.partition(":")
    out = console(quiet)
    progress = LiveProgress(out)
    try:
        finished = run_async(Execution(load_config(config), None, [progress]).shrink(wanted, trial, budget))
    finally:
        progress.stop()
    print_run(finished, out)
    return 0


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(shrink)
