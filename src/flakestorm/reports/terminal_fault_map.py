"""The map of the fault space for a terminal, and the smallest sets of faults that break the agent."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.model.fault_map import FailingSet, FaultCell, FaultGroup, FaultMap, PointState
from flakestorm.reports.fault_map_words import (
    LEGEND,
    MARKS,
    calls_of,
    families_of,
    points_of,
    tallied,
    told,
)
from flakestorm.reports.severity_style import SEVERITY_STYLE
from flakestorm.reports.terminal_timeline import timeline
from flakestorm.reports.visible import visible

SHOWN_CALLS = 16
SHOWN_GROUPS = 5
SHOWN_POINTS = 3
NAME = 26
INDENT = " " * 9
STYLES = {
    PointState.FAILED: "bold red",
    PointState.DEGRADED: "yellow",
    PointState.SURVIVED: "green",
}


def print_fault_map(found: FaultMap, again: str, console: Console) -> None:
    """A row for each call and a column for each family of faults; then what breaks, and what nearly does."""
    _table(found, console)
    failed = [group for group in found.groups if group.state is PointState.FAILED]
    degraded = [group for group in found.groups if group.state is PointState.DEGRADED]
    sets = {" + ".join(one.points): one for one in found.failing}
    for heading, groups in (("What breaks it", failed), ("What it survives badly", degraded)):
        if groups:
            console.print()
            console.print(Text(heading, style="bold"))
            for place, group in enumerate(groups[:SHOWN_GROUPS]):
                # Time tells most where it is shown once: a timeline for each would hide the list.
                _group(group, sets, console, again, with_calls=place == 0)
            if len(groups) > SHOWN_GROUPS:
                console.print(Text(f"… and {len(groups) - SHOWN_GROUPS} more in the report", style="dim"))


def _table(found: FaultMap, console: Console) -> None:
    families = families_of(found.cells)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("call", max_width=NAME)
    for family in families:
        table.add_column(family, no_wrap=True)
    calls = calls_of(found)
    for call in calls[:SHOWN_CALLS]:
        cells = [cell for cell in found.cells if cell.call == call]
        marks = [_marks([cell for cell in cells if cell.family == family]) for family in families]
        table.add_row(Text(visible(call, NAME), no_wrap=True, overflow="ellipsis"), *marks)
    console.print(table)
    if len(calls) > SHOWN_CALLS:
        console.print(Text(f"… and {len(calls) - SHOWN_CALLS} more calls in the report", style="dim"))
    legend = "  ".join(f"{MARKS[state]} {words}" for state, words in LEGEND.items())
    console.print(Text(f"{legend}  (numbers of faults)", style="dim"))


def _marks(cells: Sequence[FaultCell]) -> Text:
    """``✗2 ~1 ✓6``."""
    parts: list[str | tuple[str, str]] = []
    for state, count in tallied(cells).items():
        parts += [(f"{MARKS[state]}{count}", STYLES.get(state, "dim")), " "]
    return Text.assemble(*parts[:-1])


def _group(
    group: FaultGroup, sets: dict[str, FailingSet], console: Console, again: str, with_calls: bool
) -> None:
    console.print(
        Text.assemble(
            (f"{group.severity.value:<8} ", SEVERITY_STYLE[group.severity]),
            f"{len(group.scenarios):>5,} ×  {visible(group.title)} under {visible(group.family, 60)} faults",
        )
    )
    for name in points_of(group, SHOWN_POINTS):
        one = sets.get(name)
        sure = f"  ({told(one)})" if one is not None and one.tries > 1 else ""
        console.print(Text(f"{INDENT}{visible(name, 90)}{sure}", no_wrap=True, overflow="ellipsis"))
    if group.detail:
        console.print(Text(f"{INDENT}{visible(group.detail, 300)}", style="dim"))
    if with_calls:
        for line in timeline(group.calls):
            console.print(Text(f"{INDENT}{line}", no_wrap=True, overflow="ellipsis"))
    console.print(Text(f"{INDENT}again {again} --only trial:{group.trials[0]}", style="dim"))
