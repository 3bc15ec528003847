"""What faults did to the agent, for a terminal: a row per scenario, and findings with their calls."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.model.finding import Finding
from flakestorm.model.run import ScenarioRow
from flakestorm.reports.call_words import consequences
from flakestorm.reports.score_words import interval, percent
from flakestorm.reports.severity_style import SEVERITY_STYLE
from flakestorm.reports.terminal_timeline import timeline
from flakestorm.reports.visible import visible

SHOWN_FINDINGS = 4
INDENT = " " * 9


def print_scenarios(rows: Sequence[ScenarioRow], console: Console) -> None:
    """A table of all scenarios, then a line on each that tells more."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("scenario", max_width=24)
    for name in ("kept", "95 % interval", "passed", "failed", "errored", "fired"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        totals = row.totals
        table.add_row(
            Text(visible(row.name, 24), no_wrap=True, overflow="ellipsis"),
            percent(row.rate),
            interval(row.rate),
            f"{totals.passed:,}",
            f"{totals.failed:,}",
            f"{totals.errored:,}",
            f"{row.fired:,} of {row.matched:,}",
        )  # fmt: skip - one line a column would hide the order
    console.print(table)
    for row in rows:
        told = [f"{name} {text}" for name, text in consequences(row)]
        if row.unfired:
            told.insert(0, f"nothing fired in {row.unfired:,} of {row.totals.trials:,} trials{_why(row)}")
        if told:
            console.print(Text(f"  {visible(row.name, 24)}: {'; '.join(told)}", style="dim"))


def _why(row: ScenarioRow) -> str:
    """The reason for which nothing fired in any trial; where something did, it was chance."""
    if row.fired:
        return ""
    return next((f" ({visible(fault.why)})" for fault in row.faults if fault.why), "")


def print_behaviour(findings: Sequence[Finding], again: str, console: Console) -> None:
    """Findings that calls prove, the worst first, each with the timeline of its clearest trial."""
    for finding in findings[:SHOWN_FINDINGS]:
        style = SEVERITY_STYLE[finding.severity]
        console.print(Text.assemble((f"{finding.severity.value:<8} ", style), visible(finding.title, 300)))
        console.print(Text(f"{INDENT}{visible(finding.detail, 400)}", style="dim"))
        for line in timeline(finding.calls):
            console.print(Text(f"{INDENT}{line}", no_wrap=True, overflow="ellipsis"))
        if finding.trials:
            console.print(Text(f"{INDENT}again {again} --only trial:{finding.trials[0]}", style="dim"))
    if len(findings) > SHOWN_FINDINGS:
        console.print(Text(f"… and {len(findings) - SHOWN_FINDINGS} more in the report", style="dim"))
