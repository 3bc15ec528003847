"""``flakestorm runs``: what is stored."""

from __future__ import annotations

import typer

from flakestorm.cli.boundary import bounded


@bounded
def runs() -> None:
    """List the stored runs, the newest first."""
    from rich.table import Table
    from rich.text import Text

    from flakestorm.cli.consoles import console
    from flakestorm.core.stored import summaries
    from flakestorm.reports.visible import visible

    listed = summaries()
    if not listed:
        typer.echo("No runs yet. Start one with: flakestorm run")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("run", "status", "trials", "passed", "failed", "errored", "agent"):
        # An id that is cut short cannot be used; of everything else the beginning says enough.
        table.add_column(
            name, justify="left" if name in ("run", "status", "agent") else "right", no_wrap=name == "run"
        )
    for row in listed:
        counts = [f"{row.counts.get(status, 0):,}" for status in ("passed", "failed", "errored")]
        table.add_row(
            row.id, row.status, f"{sum(row.counts.values()):,}", *counts, Text(visible(row.target, 60))
        )
    console().print(table)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(runs)
