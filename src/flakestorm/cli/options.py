"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.model.errors import UsageError

if TYPE_CHECKING:
    from flakestorm.core.cassette_run import CassetteWish


class CassetteMode(str, Enum):
    """What a cassette is for; ``replay.cassette.Mode`` says what each means, and takes longer to import."""

    ONCE = "once"
    NEW = "new"
    ALL = "all"
    NONE = "none"


ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE", show_default=True)
]
PluginsOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The configuration file whose plugins are to be known; without it, only installed ones are.",
    ),
]
OutputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT|FILE",
        help="html, json, jsonl, junit, sarif, markdown, csv or terminal, or a file whose ending says it "
        "(.html .json .jsonl .junit.xml .sarif .md .csv). May be given several times.",
    ),
]


def load_plugins(config: Path | None) -> None:
    """Make the plugins known that ``config`` lists. Raises ``ConfigError`` when anything is wrong with it."""
    if config is not None:
        from flakestorm.core.config import load_config

        load_config(config)


def _share(value: float | None) -> float | None:
    if value is None or 0 <= value <= 1:
        return value
    hint = f"; {value:g} % is {value / 100:g}" if 1 < value <= 100 else ""
    raise typer.BadParameter(f"{value:g} is not a share from 0 to 1{hint}")


MinScoreOption = Annotated[
    float | None,
    typer.Option("--min-score", callback=_share, help="Exit with 1 when the score (0–1) is below this."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Override advanced.seed.")]
ConcurrencyOption = Annotated[
    int | None, typer.Option("--concurrency", min=1, max=10_000, help="Override advanced.concurrency.")
]
ProfileOption = Annotated[
    list[str] | None,
    typer.Option(
        "--chaos-profile",
        "--profile",
        metavar="NAME",
        help="Go through this profile: a name of `flakestorm faults`, a file, or all. May be repeated.",
    ),
]
CassetteOption = Annotated[
    Path | None,
    typer.Option(
        "--cassette",
        metavar="FILE",
        help="Play what LLMs and tools answered when this file was recorded, instead of calling them.",
    ),
]
CassetteModeOption = Annotated[
    CassetteMode,
    typer.Option(
        "--cassette-mode",
        help="once: play the file, record it where there is none; new: record what it lacks; all: record "
        "everything anew; none: only play.",
    ),
]
CassetteSpeedOption = Annotated[
    float,
    typer.Option(
        "--cassette-speed",
        min=0,
        metavar="FACTOR",
        help="How fast answers are played: 1 as recorded, 2 twice as fast, 0 without waiting.",
    ),
]
CiOption = Annotated[bool, typer.Option("--ci", help="For logs: plain lines, no live display.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
RunArgument = Annotated[
    str,
    typer.Argument(metavar="[RUN]", help="A run's id, the beginning of one, 'latest', or a .json report."),
]

DEFAULT_CONFIG = Path("flakestorm.yaml")
DEFAULT_CASSETTE = Path("cassette.jsonl")


def wanted_cassette(path: Path | None, mode: CassetteMode, speed: float) -> CassetteWish | None:
    """The cassette that the options ask for. Raises ``UsageError`` for a mode without a file."""
    if path is None:
        if mode is not CassetteMode.ONCE or speed:
            raise UsageError("--cassette-mode and --cassette-speed need a file: --cassette FILE")
        return None
    from flakestorm.core.cassette_run import CassetteWish
    from flakestorm.replay.cassette import Mode

    return CassetteWish(path, Mode(mode.value), speed)
