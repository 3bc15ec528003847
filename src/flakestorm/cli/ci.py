"""``flakestorm ci``: everything that a configuration can measure, in one run, with one exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import (
    DEFAULT_CONFIG,
    CassetteMode,
    CassetteModeOption,
    CassetteOption,
    CassetteSpeedOption,
    ConcurrencyOption,
    ConfigOption,
    MinScoreOption,
    ProfileOption,
    QuietOption,
    SeedOption,
    wanted_cassette,
)
from flakestorm.cli.reports_of_ci import Destinations
from flakestorm.cli.shares import share
from flakestorm.model.errors import UsageError
from flakestorm.model.verdict import Severity

if TYPE_CHECKING:
    from flakestorm.core.config import FlakeStormConfig
    from flakestorm.core.wishes import Wishes
    from flakestorm.scoring.ci_config import CiConfig

_PILLARS = {"robustness": "mutation", "chaos": "chaos", "contract": "contract", "replay": "replay"}


def _minimum(pillar: str) -> Any:
    return typer.Option(
        f"--min-{pillar}",
        parser=share,
        metavar="SHARE",
        help=f"Exit with 1 when the pillar {_PILLARS[pillar]} scores less.",
    )


@bounded
def ci(
    config: ConfigOption = DEFAULT_CONFIG,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR|FORMAT|FILE",
            help="A folder for all reports, with a summary that leads to them; or as for `run`.",
        ),
    ] = None,
    min_score: MinScoreOption = None,
    min_robustness: Annotated[float | None, _minimum("robustness")] = None,
    min_chaos: Annotated[float | None, _minimum("chaos")] = None,
    min_contract: Annotated[float | None, _minimum("contract")] = None,
    min_replay: Annotated[float | None, _minimum("replay")] = None,
    fail_on: Annotated[
        Severity | None,
        typer.Option("--fail-on", help="Exit with 1 when an invariant at least so severe is broken."),
    ] = None,
    error_budget: Annotated[
        float | None,
        typer.Option(
            "--error-budget",
            parser=share,
            metavar="SHARE",
            help="Exit with 3 when more trials than this have no verdict.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="RUN|FILE",
            help="Exit with 1 when it is worse than this run: an id, BRANCH@latest, or a JSON report.",
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", parser=share, metavar="SHARE", help="See `flakestorm compare`."),
    ] = None,
    chaos_profile: ProfileOption = None,
    cassette: CassetteOption = None,
    cassette_mode: CassetteModeOption = CassetteMode.ONCE,
    cassette_speed: CassetteSpeedOption = 0.0,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Do the rest of an interrupted run: the latest, or the RUN named."),
    ] = False,
    run_id: Annotated[str, typer.Argument(metavar="[RUN]", help="With --resume: which run.")] = "",
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="SELECTION", help="Run only some of the trials: see `flakestorm run`."
        ),
    ] = None,
    seed: SeedOption = None,
    concurrency: ConcurrencyOption = None,
    quiet: QuietOption = False,
) -> int:
    """Measure all that is configured, for a pipeline.

    Mutations, faults, contract and sessions in one run.

    One run with one control arm. The overall score weighs the pillars (scoring); one that is configured and
    about which nothing is proved makes it end with 4. In GitHub Actions it annotates and writes a summary.
    """
    if run_id and not resume:
        raise UsageError(
            f"'{run_id}' is one word too many: a run is only named with --resume, and another configuration "
            f"with -c {run_id}"
        )
    from flakestorm.core.config import load_config

    loaded = load_config(config).with_advanced(seed=seed, concurrency=concurrency, error_budget=error_budget)
    given = {
        "min_score": min_score,
        "min_robustness": min_robustness,
        "min_chaos": min_chaos,
        "min_contract": min_contract,
        "min_replay": min_replay,
        "fail_on": fail_on,
        "baseline": baseline,
        "margin": margin,
    }
    asked = loaded.ci.model_copy(update={name: value for name, value in given.items() if value is not None})
    # Before the run, so that a typing error does not cost one.
    destinations = Destinations.of(output or loaded.output.format)
    if asked.baseline is not None:
        from flakestorm.core.baseline import check_baseline

        check_baseline(asked.baseline)
    wishes = _wishes(loaded, asked, (run_id or "latest") if resume else None, only, chaos_profile or [])
    wishes = replace(wishes, cassette=wanted_cassette(cassette, cassette_mode, cassette_speed))
    return _run(loaded, asked, wishes, destinations, quiet)


def _wishes(
    config: FlakeStormConfig, asked: CiConfig, resume: str | None, only: str | None, profiles: list[str]
) -> Wishes:
    from flakestorm.core.ci_run import ci_chaos, ci_terms
    from flakestorm.core.replay_run import Replays
    from flakestorm.core.wishes import Wishes

    chaos = ci_chaos(config, profiles)
    has_sessions = config.replays is not None and bool(config.replays.sessions)
    replays = Replays.wanted(config, only=False) if has_sessions else None
    return Wishes(
        resume=resume,
        only=only,
        min_score=None if only else asked.min_score,
        chaos=chaos,
        replays=replays,
        ci=ci_terms(config, chaos, asked.minima, asked.fail_on, replays is not None, only is not None),
    )


def _run(
    config: FlakeStormConfig, asked: CiConfig, wishes: Wishes, destinations: Destinations, quiet: bool
) -> int:
    from flakestorm.cli.consoles import console
    from flakestorm.cli.reports_of_ci import write_everywhere
    from flakestorm.cli.run import present, watched
    from flakestorm.core.comparison import compare
    from flakestorm.scoring.ci import GRAVEST_FIRST

    out = console(quiet, plain=True)
    finished = watched(config, wishes, out, destinations.reports)
    codes = [present(finished, config, out, destinations.reports)]
    found = None
    if asked.baseline is not None:
        found = compare(asked.baseline, finished.info.id, asked.margin)
        codes.append(found.numbers.verdict.exit_code)
    write_everywhere(finished, found, destinations, asked, out)
    return min(codes, key=GRAVEST_FIRST.index)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(ci)
