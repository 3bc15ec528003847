"""``flakestorm report``: a run that is over, in any format."""

from __future__ import annotations

from pathlib import Path

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import OutputOption, PluginsOption, RunArgument, load_plugins


@bounded
def report(run: RunArgument = "latest", output: OutputOption = None, config: PluginsOption = None) -> None:
    """Show a stored run again, or write it in another format.

    A .json or .jsonl report can be shown and written anew as well.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.stored import stored_run
    from flakestorm.reports.config import OutputConfig
    from flakestorm.reports.formats import TERMINAL, default_path, format_of, write_report
    from flakestorm.reports.terminal import print_run

    load_plugins(config)
    wanted = [format_of(spec) for spec in output or [TERMINAL]]
    finished = stored_run(run)
    defaults = OutputConfig()
    for name, path in wanted:
        if name == TERMINAL:
            print_run(finished, console())
            continue
        destination = path or default_path(
            finished.info, Path(defaults.path), defaults.filename_template, name
        )
        write_report(finished, destination, name)
        typer.echo(f"Wrote {destination}")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(report)
