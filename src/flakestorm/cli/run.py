"""``flakestorm run``: the main job."""

from __future__ import annotations

from contextlib import ExitStack
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import (
    DEFAULT_CONFIG,
    CassetteMode,
    CassetteModeOption,
    CassetteOption,
    CassetteSpeedOption,
    CiOption,
    ConcurrencyOption,
    ConfigOption,
    MinScoreOption,
    OutputOption,
    ProfileOption,
    QuietOption,
    SeedOption,
    wanted_cassette,
)
from flakestorm.model.errors import UsageError, WorkError

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.core.chaos_plan import Chaos
    from flakestorm.core.config import FlakeStormConfig
    from flakestorm.core.wishes import Wishes
    from flakestorm.model.run import Run, RunInfo


class Strategy(str, Enum):
    """How the calls of a run are spent."""

    UNIFORM = "uniform"
    SEARCH = "search"


@bounded
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = None,
    min_score: MinScoreOption = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Do the rest of an interrupted run: the latest, or the RUN named."),
    ] = False,
    run_id: Annotated[str, typer.Argument(metavar="[RUN]", help="With --resume: which run.")] = "",
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="SELECTION",
            help="Run only some of the planned trials: failed, errored, failed:RUN, trial:ID, type:NAME, "
            "operator:NAME, prompt:ID or kind:NAME.",
        ),
    ] = None,
    seed: SeedOption = None,
    concurrency: ConcurrencyOption = None,
    budget: Annotated[
        int | None,
        typer.Option(
            "--budget",
            min=1,
            metavar="N",
            help="Search: spend N trials where failures are, to find as many different ones as possible.",
        ),
    ] = None,
    strategy: Annotated[
        Strategy | None,
        typer.Option("--strategy", help="uniform measures a score; search, with --budget, finds failures."),
    ] = None,
    chaos: Annotated[
        bool,
        typer.Option(
            "--chaos", help="Disturb the agent's LLM and tools too, as the section chaos or profiles say."
        ),
    ] = False,
    chaos_only: Annotated[bool, typer.Option("--chaos-only", help="The same, without mutations.")] = False,
    chaos_profile: ProfileOption = None,
    no_shrink: Annotated[
        bool, typer.Option("--no-shrink", help="Do not reduce failures to minimal inputs afterwards.")
    ] = False,
    shrink_budget: Annotated[
        int | None,
        typer.Option("--shrink-budget", min=0, metavar="N", help="Most calls that reducing may take."),
    ] = None,
    cassette: CassetteOption = None,
    cassette_mode: CassetteModeOption = CassetteMode.ONCE,
    cassette_speed: CassetteSpeedOption = 0.0,
    ci: CiOption = False,
    verify_only: Annotated[
        bool, typer.Option("--verify-only", help="Check the configuration and the agent, run nothing.")
    ] = False,
    quiet: QuietOption = False,
) -> int:
    """Send the golden prompts as they are and mutated, and judge.

    Every reply is judged by the invariants of the configuration. What has finished is stored at once.
    """
    if run_id and not resume:
        raise UsageError(
            f"'{run_id}' is one word too many: a run is only named with --resume, and another configuration "
            f"with -c {run_id}"
        )
    if only and (budget or strategy is Strategy.SEARCH):
        raise UsageError(
            "--only names the trials to run, so there is nothing left to search: leave one away."
        )
    if verify_only:
        from flakestorm.cli.verify import verify

        return int(verify(config, quiet=quiet))
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.core.wishes import Wishes

    loaded = load_config(config).with_advanced(
        seed=seed,
        concurrency=concurrency,
        budget=budget,
        strategy=strategy and strategy.value,
        shrink_budget=0 if no_shrink else shrink_budget,
    )
    wishes = Wishes(
        resume=(run_id or "latest") if resume else None,
        only=only,
        min_score=min_score,
        chaos=wanted_chaos(loaded, chaos, chaos_only, chaos_profile),
        cassette=wanted_cassette(cassette, cassette_mode, cassette_speed),
    )
    return run_and_report(loaded, wishes, console(quiet, plain=ci), output)


def wanted_chaos(
    config: FlakeStormConfig, chaos: bool, only: bool, profiles: list[str] | None
) -> Chaos | None:
    """The scenarios that the options ask for; None without any of them."""
    if not (chaos or only or profiles):
        return None
    from flakestorm.core.chaos_plan import Chaos

    return Chaos.wanted(config, profiles or (), only)


def run_and_report(config: FlakeStormConfig, wishes: Wishes, out: Console, outputs: list[str] | None) -> int:
    """Run, show progress on ``out``, print the story, write the reports; returns the exit code."""
    from flakestorm.reports.formats import format_of

    # Before the run, so that a typing error does not cost one.
    wanted = [format_of(spec) for spec in outputs or config.output.format]
    return present(watched(config, wishes, out, wanted), config, out, wanted)


def watched(
    config: FlakeStormConfig, wishes: Wishes | None, out: Console, wanted: list[tuple[str, Path | None]]
) -> Run:
    """Run with progress on ``out``; JSON Lines that are ``wanted`` are written as the trials finish."""
    from flakestorm.core.execution import Execution
    from flakestorm.loop import run_async
    from flakestorm.reports.jsonl_live import LiveJsonl
    from flakestorm.reports.live import LiveProgress

    progress = LiveProgress(out)
    live = [LiveJsonl(partial(_destination, config, path)) for name, path in wanted if name == "jsonl"]
    with ExitStack() as stack:
        stack.callback(progress.stop)
        for listener in live:
            stack.callback(listener.stop)
        return run_async(Execution(config, wishes, [progress, *live]).run())


def present(
    finished: Run, config: FlakeStormConfig, out: Console, wanted: list[tuple[str, Path | None]]
) -> int:
    """Write the ``wanted`` reports, print the story with their paths, return the exit code."""
    from flakestorm.reports.formats import TERMINAL, write_report
    from flakestorm.reports.terminal import print_run

    written, failures = [], []
    for name, path in wanted:
        if name != TERMINAL:
            destination = _destination(config, path, finished.info, name)
            try:
                write_report(finished, destination, name)
                written.append(str(destination))
            except WorkError as error:
                # The others may have more luck, and the story can be told anyway.
                failures.append(str(error))
    print_run(finished, out, written)
    if failures:
        raise WorkError("\n".join(failures))
    return finished.assessment.exit_code


def _destination(config: FlakeStormConfig, path: Path | None, info: RunInfo, name: str = "jsonl") -> Path:
    from flakestorm.reports.formats import default_path

    return path or default_path(info, Path(config.output.path), config.output.filename_template, name)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(run)
