"""``flakestorm contract``: what the agent promises, whatever breaks around it."""

from __future__ import annotations

from typing import Annotated

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
    QuietOption,
    SeedOption,
    wanted_cassette,
)
from flakestorm.cli.run import run_and_report
from flakestorm.model.errors import UsageError

contract = typer.Typer(
    name="contract",
    help="Judge what the agent promises in every scenario of a matrix.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@bounded
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="Only this scenario. May be repeated."),
    ] = None,
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
            help="Run only some of the trials: failed, errored, failed:RUN, trial:ID or prompt:ID.",
        ),
    ] = None,
    seed: SeedOption = None,
    concurrency: ConcurrencyOption = None,
    cassette: CassetteOption = None,
    cassette_mode: CassetteModeOption = CassetteMode.ONCE,
    cassette_speed: CassetteSpeedOption = 0.0,
    ci: CiOption = False,
    quiet: QuietOption = False,
) -> int:
    """Run the contract: every prompt in every scenario, judged by its invariants.

    A failed critical invariant fails the contract, whatever its score.
    """
    if run_id and not resume:
        raise UsageError(
            f"'{run_id}' is one word too many: a run is only named with --resume, and another configuration "
            f"with -c {run_id}"
        )
    if resume and scenario:
        raise UsageError("--resume goes on with the scenarios that the run has: leave --scenario away.")
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.core.contract_matrix import Contract
    from flakestorm.core.contract_run import contract_chaos
    from flakestorm.core.wishes import Wishes

    loaded = load_config(config).with_advanced(seed=seed, concurrency=concurrency)
    wishes = Wishes(
        resume=(run_id or "latest") if resume else None,
        only=only,
        min_score=min_score,
        chaos=contract_chaos(Contract.wanted(loaded, scenario or ())),
        cassette=wanted_cassette(cassette, cassette_mode, cassette_speed),
    )
    return run_and_report(loaded, wishes, console(quiet, plain=ci), output)


@bounded
def validate(config: ConfigOption = DEFAULT_CONFIG, quiet: QuietOption = False) -> int:
    """Say what the contract would judge, and what of it never could be.

    The agent is not asked. Exit code 2 when an invariant, or a scenario, proves nothing.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.core.contract_check import check_contract
    from flakestorm.reports.visible import visible

    check = check_contract(load_config(config))
    out = console(quiet)
    for subject, text in check.facts:
        out.print(f"{subject:<14} {visible(text, 400)}")
    for problem in check.problems:
        typer.echo(f"flakestorm: {visible(problem, 400)}", err=True)
    return check.exit_code


@bounded
def score(config: ConfigOption = DEFAULT_CONFIG, min_score: MinScoreOption = None) -> int:
    """Print the resilience score alone: that of the contract's latest run.

    One line: score, interval (0 to 100) and number of judged cells, separated by spaces.
    """
    from flakestorm.core.config import load_config
    from flakestorm.core.contract_latest import latest_contract_run
    from flakestorm.scoring.contract import points

    latest = latest_contract_run(load_config(config), min_score)
    if not latest.is_current:
        typer.echo(
            f"flakestorm: run {latest.run.info.id} was made with another configuration; "
            "`flakestorm contract run` makes a new one.",
            err=True,
        )
    found = latest.run.scores.contract
    if found is None:
        typer.echo("- - - 0")
    else:
        typer.echo(f"{points(found.value)} {points(found.low)} {points(found.high)} {found.judged}")
    return latest.run.assessment.exit_code


def register(app: typer.Typer) -> None:
    """Add the group of commands to ``app``."""
    for command in (run, validate, score):
        contract.command()(command)
    app.add_typer(contract)
