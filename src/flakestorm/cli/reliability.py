"""``flakestorm reliability``: pass^k under rising mutation intensity and fault rate, as one surface."""

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
    ProfileOption,
    QuietOption,
    SeedOption,
)
from flakestorm.cli.run import run_and_report
from flakestorm.cli.shares import share
from flakestorm.model.errors import UsageError

PASSES, INTENSITIES, RATES = "1,2,4", "0,.2,.4", "0,.1,.3"
THRESHOLD = 0.9


@bounded
def reliability(
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = None,
    k: Annotated[
        str,
        typer.Option("--k", metavar="LIST", help="How many trials of a golden prompt must all pass."),
    ] = PASSES,
    epsilon: Annotated[
        str, typer.Option("--epsilon", metavar="LIST", help="Mutation intensities ε, each from 0 to 1.")
    ] = INTENSITIES,
    rate: Annotated[
        str,
        typer.Option(
            "--lambda", metavar="LIST", help="Fault rates λ: how likely a call is disturbed, 0 to 1."
        ),
    ] = RATES,
    repeats: Annotated[
        int | None,
        typer.Option(
            "--repeats", min=1, metavar="N", help="Trials of each golden prompt at each point; default: 2 k."
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", parser=share, metavar="SHARE", help="What R must not fall below.")
    ] = THRESHOLD,
    profile: ProfileOption = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Do the rest of an interrupted one: the latest, or the RUN named."),
    ] = False,
    run_id: Annotated[str, typer.Argument(metavar="[RUN]", help="With --resume: which run.")] = "",
    seed: SeedOption = None,
    concurrency: ConcurrencyOption = None,
    ci: CiOption = False,
    quiet: QuietOption = False,
) -> int:
    """Measure how likely k trials all pass: R(k, ε, λ).

    By mutation intensity ε and fault rate λ.

    Every golden prompt is sent several times at each point of the grid. The faults are those of the section
    chaos or of the profiles; without either, tools and the LLM answer that they are not available.
    """
    if run_id and not resume:
        raise UsageError(
            f"'{run_id}' is one word too many: a run is only named with --resume, and another configuration "
            f"with -c {run_id}"
        )
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.core.reliability_plan import reliability_chaos
    from flakestorm.core.wishes import Wishes
    from flakestorm.model.reliability import Grid

    ks = _passes(k)
    grid = Grid(
        ks, _shares("--epsilon", epsilon), _shares("--lambda", rate), repeats or 2 * ks[-1], threshold
    )
    if grid.repeats < ks[-1]:
        raise UsageError(
            f"--repeats {grid.repeats}: pass^{ks[-1]} needs at least {ks[-1]} trials of a golden prompt at "
            f"each point. Give --repeats {ks[-1]} or more, or a smaller --k."
        )
    loaded = load_config(config).with_advanced(seed=seed, concurrency=concurrency, shrink_budget=0)
    wishes = Wishes(
        resume=(run_id or "latest") if resume else None, chaos=reliability_chaos(loaded, grid, profile or ())
    )
    return run_and_report(loaded, wishes, console(quiet, plain=ci), output)


def _passes(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.strip().isdecimal() and int(word) >= 1 for word in words):
        raise UsageError(f"--k {text}: a list of whole numbers from 1 is accepted, such as {PASSES}")
    return tuple(sorted({int(word) for word in words}))


def _shares(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(sorted({round(share(word), 3) for word in text.split(",")}))
    except typer.BadParameter as error:
        raise UsageError(f"{option} {text}: {error.message} Give a list such as 0,.2,.4") from None


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(reliability)
