"""``flakestorm explore``: every fault at every call of the agent, then pairs of them."""

from __future__ import annotations

from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import (
    DEFAULT_CONFIG,
    CiOption,
    ConcurrencyOption,
    ConfigOption,
    OutputOption,
    QuietOption,
    SeedOption,
)
from flakestorm.cli.run import run_and_report
from flakestorm.model.errors import UsageError

BUDGET = 300


@bounded
def explore(
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = None,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget",
            min=1,
            metavar="N",
            help=f"Most trials, those without faults included; default {BUDGET}.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Do the rest of an interrupted exploration: the latest, or the RUN named."
        ),
    ] = False,
    run_id: Annotated[str, typer.Argument(metavar="[RUN]", help="With --resume: which run.")] = "",
    seed: SeedOption = None,
    concurrency: ConcurrencyOption = None,
    ci: CiOption = False,
    quiet: QuietOption = False,
) -> int:
    """Try every fault at every call of the LLM and of tools.

    The golden prompts are run undisturbed first: where they make calls, faults are put, one at a time, and
    then two at a time where one alone did no harm. The report is a map of what the agent survives.
    """
    if run_id and not resume:
        raise UsageError(
            f"'{run_id}' is one word too many: a run is only named with --resume, and another configuration "
            f"with -c {run_id}"
        )
    if resume and budget is not None:
        raise UsageError("--resume goes on with the budget that the exploration has: leave --budget away.")
    from flakestorm.cli.consoles import console
    from flakestorm.core.chaos_plan import Chaos
    from flakestorm.core.config import load_config
    from flakestorm.core.wishes import Wishes

    # Reducing is for prompts; here every failing set of faults is made minimal on the way.
    loaded = load_config(config).with_advanced(seed=seed, concurrency=concurrency, shrink_budget=0)
    wishes = Wishes(
        resume=(run_id or "latest") if resume else None,
        chaos=Chaos.exploration(budget or BUDGET, loaded),
    )
    return run_and_report(loaded, wishes, console(quiet, plain=ci), output)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(explore)
