"""``flakestorm init``: a first configuration file, commented."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded


class CiSystem(str, Enum):
    """Where `flakestorm ci` can run."""

    GITHUB = "github"
    GITLAB = "gitlab"
    JENKINS = "jenkins"
    PRE_COMMIT = "pre-commit"


@bounded
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("flakestorm.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    ci: Annotated[
        list[CiSystem] | None,
        typer.Option("--ci", help="Write what this CI system needs to run `flakestorm ci`. May be repeated."),
    ] = None,
) -> None:
    """Write a commented flakestorm.yaml to start from.

    With --ci, a configuration that is there stays as it is.
    """
    from flakestorm.core.project_files import write_ci_file, write_new_config

    for system in ci or ():
        typer.echo(f"Wrote {write_ci_file(system.value, path, force)}.")
    file = path / "flakestorm.yaml" if path.is_dir() else path
    if ci and file.exists():
        return
    written = write_new_config(path, force)
    typer.echo(f"Wrote {written}. Say where your agent is, then: flakestorm verify && flakestorm run")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(init)
