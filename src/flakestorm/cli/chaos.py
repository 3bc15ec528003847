"""``flakestorm chaos``: the agent's LLM, tools and context are disturbed, and nothing else."""

from __future__ import annotations

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
from flakestorm.cli.run import run_and_report, wanted_chaos


@bounded
def chaos(
    config: ConfigOption = DEFAULT_CONFIG,
    profile: ProfileOption = None,
    output: OutputOption = None,
    min_score: MinScoreOption = None,
    seed: SeedOption = None,
    concurrency: ConcurrencyOption = None,
    cassette: CassetteOption = None,
    cassette_mode: CassetteModeOption = CassetteMode.ONCE,
    cassette_speed: CassetteSpeedOption = 0.0,
    ci: CiOption = False,
    quiet: QuietOption = False,
) -> int:
    """Send the golden prompts while the agent's LLM and tools fail.

    The same as `flakestorm run --chaos-only`. Without --profile it goes through the section chaos, or
    through all profiles where that has no faults.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.config import load_config
    from flakestorm.core.wishes import Wishes

    loaded = load_config(config).with_advanced(seed=seed, concurrency=concurrency)
    scenarios = wanted_chaos(loaded, chaos=True, only=True, profiles=profile)
    wishes = Wishes(
        min_score=min_score,
        chaos=scenarios,
        cassette=wanted_cassette(cassette, cassette_mode, cassette_speed),
    )
    return run_and_report(loaded, wishes, console(quiet, plain=ci), output)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(chaos)
