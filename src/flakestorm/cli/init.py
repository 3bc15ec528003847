"""``flakestorm init``: a first configuration file, commented."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded


@bounded
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("flakestorm.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a commented flakestorm.yaml to start from."""
    from flakestorm.core.project_files import write_new_config

    written = write_new_config(path, force)
    typer.echo(f"Wrote {written}. Say where your agent is, then: flakestorm verify && flakestorm run")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(init)
