"""The reliability surface for a terminal: a table of λ × ε for each k, in colour and in numbers."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.model.reliability import Surface, SurfaceSummary

STYLES = ((0.95, "green"), (0.8, "yellow"), (0.5, "red"), (0.0, "bold red"))
"""From this R on, this colour."""


def print_reliability(surface: Surface, console: Console) -> None:
    """All tables, then the volume and where each falls below the threshold."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("R(k, ε, λ)", no_wrap=True)
    for intensity in surface.grid.intensities:
        table.add_column(f"ε={intensity:g}", justify="right", no_wrap=True)
    table.add_column("fired", justify="right", style="dim", no_wrap=True)
    for summary in surface.summaries:
        for rate in surface.grid.rates:
            cells = [surface.cell(intensity, rate) for intensity in surface.grid.intensities]
            heights = [_height(cell.value(summary.k)) for cell in cells]
            fired, trials = sum(cell.fired for cell in cells), sum(cell.trials for cell in cells)
            share = f"{fired / trials:.0%}" if rate and trials else ""
            table.add_row(f"k={summary.k} λ={rate:g}", *heights, share)
    console.print(table)
    for summary in surface.summaries:
        console.print(Text(f"  k={summary.k}: {told(surface, summary)}", style="dim"))
    errors = sum(cell.errors for cell in surface.cells)
    if errors:
        console.print(Text(f"  {errors:,} trials without a reply count as not passed", style="dim"))


def told(surface: Surface, summary: SurfaceSummary) -> str:
    """The volume of one k, and where it falls below the threshold."""
    volume = "unknown" if summary.volume is None else f"{summary.volume:.2f}"
    below = [f"λ={rate:g} at ε={intensity:g}" for intensity, rate in summary.breaks_at if rate is not None]
    where = f"from {', '.join(below)} on" if below else "nowhere"
    return f"volume {volume}; below {surface.grid.threshold:g} {where}"


def _height(value: float | None) -> Text:
    if value is None:
        return Text("–", style="dim")
    style = next(style for least, style in STYLES if value >= least)
    return Text(f"{value:.2f}", style=style)
