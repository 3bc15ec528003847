"""``flakestorm faults``: what can be done to an agent's surroundings, and what the agent sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from flakestorm.chaos.catalogue import Entry

HEADINGS = {
    "llm fault": "LLM faults (chaos.llm_faults, mode: …)",
    "tool fault": "Tool faults (chaos.tool_faults, mode: …)",
    "context attack": "Context attacks (chaos.context_attacks, type: …)",
    "profile": "Profiles (flakestorm run --chaos-profile …)",
}


@bounded
def faults(
    name: Annotated[
        str, typer.Argument(help="Explain this one: a mode, a context attack or a profile.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List and explain faults, context attacks and profiles."""
    from flakestorm.chaos.catalogue import catalogue
    from flakestorm.cli.consoles import console

    entries = catalogue()
    if name:
        wanted = name.strip().lower().replace("-", "_")
        chosen = [entry for entry in entries if entry.name == wanted]
        if not chosen:
            names = list(dict.fromkeys(entry.name for entry in entries))
            near = did_you_mean(name, names) or "."
            raise UsageError(f"unknown fault or profile '{name}'{near} Known: {', '.join(names)}")
        entries = tuple(chosen)
    if as_json:
        import json

        typer.echo(json.dumps([entry.to_dict() for entry in entries], indent=2))
    elif name:
        _explain(entries, console())
    else:
        _list(entries, console())


def _list(entries: Sequence[Entry], out: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    for kind, heading in HEADINGS.items():
        out.print(Text(f"\n{heading}", style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column()
        for entry in entries:
            if entry.kind == kind:
                table.add_row(Text(f"  {entry.name}"), Text(entry.does))
        out.print(table)
    out.print(Text("\nOptions, conditions and what the agent sees: flakestorm faults NAME", style="dim"))


def _explain(entries: Sequence[Entry], out: Console) -> None:
    from rich.text import Text

    from flakestorm.chaos.explanations import CONDITIONS, OPTIONS

    for entry in entries:
        out.print(Text.assemble((entry.name, "bold"), f"  {entry.kind}, {entry.group}"))
        out.print(Text(f"  {entry.does}"))
        if entry.sees:
            out.print(Text(f"  The agent sees: {entry.sees}."))
        if entry.statuses:
            statuses = ", ".join(f"{provider} {status}" for provider, status in entry.statuses)
            out.print(Text(f"  Status: {statuses}"))
        for fault in entry.faults:
            out.print(Text(f"  - {fault}"))
        for option in entry.options:
            out.print(Text(f"    {option}: {OPTIONS[option]}", style="dim"))
        if entry.kind.endswith("fault"):
            of_the_other = "tool" if entry.kind == "llm fault" else "model"
            names = ", ".join(condition for condition in CONDITIONS if condition != of_the_other)
            out.print(Text(f"    Conditions: {names}", style="dim"))


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(faults)
