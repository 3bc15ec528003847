"""Replayed sessions for a terminal: a row for each, then what is to be said of those that do not pass."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.model.record import TrialStatus
from flakestorm.model.replay import ReplayResult, SessionResult
from flakestorm.reports.replay_words import repeats_of, told_of
from flakestorm.reports.visible import visible

SHOWN_SESSIONS = 30
SHOWN_STORIES = 5
NAME = 40
INDENT = " " * 9
STYLE = {
    TrialStatus.PASSED: ("✓ passed", "green"),
    TrialStatus.FAILED: ("✕ failed", "bold red"),
    TrialStatus.ERRORED: ("! errored", "yellow"),
    TrialStatus.INCONCLUSIVE: ("? inconclusive", "blue"),
    TrialStatus.SKIPPED: ("– skipped", "dim"),
}


def print_replay(result: ReplayResult, again: str, console: Console) -> None:
    """The sessions, those that do not pass first; ``again`` is the command that runs them again."""
    ordered = sorted(result.sessions, key=lambda session: session.status is TrialStatus.PASSED)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("session", max_width=NAME)
    table.add_column("")
    table.add_column("repeats passed", justify="right", no_wrap=True)
    table.add_column("judged by", max_width=NAME)
    for session in ordered[:SHOWN_SESSIONS]:
        word, style = STYLE[session.status]
        table.add_row(
            Text(visible(session.terms.id, NAME), no_wrap=True, overflow="ellipsis"),
            Text(word + (", flaky" if session.is_flaky else ""), style=style),
            repeats_of(session),
            Text(visible(session.terms.contract, NAME), no_wrap=True, overflow="ellipsis"),
        )
    console.print(table)
    if len(ordered) > SHOWN_SESSIONS:
        console.print(Text(f"… and {len(ordered) - SHOWN_SESSIONS} more in the report", style="dim"))
    for session in ordered[:SHOWN_STORIES]:
        if session.status is not TrialStatus.PASSED:
            _story(session, again, console)


def _story(session: SessionResult, again: str, console: Console) -> None:
    console.print(Text(visible(session.terms.name or session.terms.id, 100)))
    for name, text in told_of(session):
        console.print(Text.assemble((f"{INDENT}{name:<9}", "dim"), visible(text, 300)))
    if session.trial:
        console.print(Text(f"{INDENT}again    {again} --only trial:{session.trial}", style="dim"))
