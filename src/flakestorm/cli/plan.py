"""``flakestorm plan``: how many trials a difference needs."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import DEFAULT_CONFIG
from flakestorm.cli.shares import share
from flakestorm.model.errors import UsageError

ASSUMED_FLIPS = 0.1


@bounded
def plan(
    detect: Annotated[
        float,
        typer.Option(
            "--detect", parser=share, metavar="SHARE", help="The growth of the share of failures, such as 5%."
        ),
    ] = 0.05,
    flips: Annotated[
        float | None,
        typer.Option(
            "--flips",
            parser=share,
            metavar="SHARE",
            help="How many trials end otherwise when nothing has changed; 10% without this and --run.",
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="Take that from the control arm of this run, such as latest."
        ),
    ] = None,
    power: Annotated[
        float,
        typer.Option("--power", parser=share, metavar="SHARE", help="How surely it is to be found."),
    ] = 0.8,
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="Say it for this configuration.")
    ] = DEFAULT_CONFIG,
) -> int:
    """Say how many trials a comparison needs.

    So many find a difference of the given size, or rule it out when nothing has changed.
    """
    from flakestorm.scoring.comparison_power import trials_to_detect, trials_to_rule_out

    if not 0 < power < 1:
        raise UsageError(f"--power {power:g}: accepted is a share between 0 and 1, such as 80%.")
    expected, source = _flips(flips, run)
    try:
        found = trials_to_detect(detect, expected, power)
        ruled_out = trials_to_rule_out(detect, expected, power)
    except ValueError as error:
        raise UsageError(f"--detect, --flips: {error}.") from None
    typer.echo(
        f"{expected:.1%} of the trials are taken to end otherwise when nothing has changed ({source})."
    )
    typer.echo(
        f"To find {detect:.3%} more failing trials in {power:.0%} of the cases: {found:,} trials a run."
    )
    typer.echo(f"To rule that out when nothing has changed: {ruled_out:,} trials a run.")
    _for_configuration(config, max(found, ruled_out))
    return 0


def _flips(given: float | None, run: str | None) -> tuple[float, str]:
    """The share of trials that flip by themselves, and where that comes from."""
    if given is not None:
        return given, "--flips"
    if run is None:
        return ASSUMED_FLIPS, "assumed; --run latest takes it from a run"
    from flakestorm.core.flips import flips_of
    from flakestorm.core.stored import stored_run

    finished = stored_run(run)
    return flips_of(finished), f"from the control arm of run {finished.info.id}"


def _for_configuration(config: Path, trials: int) -> None:
    """What it means for the configuration, where there is one."""
    if not config.is_file() and config == DEFAULT_CONFIG:
        return
    from flakestorm.core.config import load_config

    loaded = load_config(config)
    prompts, count = len(loaded.golden), loaded.mutations.count
    needed = ceil(trials / prompts)
    word = "enough" if count >= needed else f"too few: set mutations.count to {needed:,}"
    typer.echo(
        f"{config} has {prompts:,} golden prompts × {count:,} mutations = {prompts * count:,} trials, "
        f"which is {word}."
    )


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(plan)
