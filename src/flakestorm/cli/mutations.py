"""``flakestorm mutations``: see what would be sent, or which operators there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.model.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.model.mutation import Mutation

SHOWN_WIDTH = 400


@bounded
def mutations(
    prompt: Annotated[str, typer.Argument(help="The golden prompt to disturb.")] = "",
    types: Annotated[
        list[str] | None, typer.Option("--type", "-t", help="Only this mutation type; may be repeated.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many mutations to show.")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other mutations.")] = 0,
    intensity: Annotated[
        float, typer.Option("--intensity", min=0.0, max=1.0, help="How strongly to disturb.")
    ] = 0.3,
    listing: Annotated[bool, typer.Option("--list", help="List every operator with an example.")] = False,
) -> None:
    """Show what would be sent: mutations of a prompt, coloured.

    With --list every operator, each with an example.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.samples import operator_samples, sample_mutations

    out = console()
    if listing:
        for name, summary, example in operator_samples(prompt or None, types):
            _print_operator(name, summary, example, out)
        return
    if not prompt:
        raise UsageError('give a prompt, as in: flakestorm mutations "Where is my order?" --type noise')
    made, notes = sample_mutations(prompt, types, count, seed, intensity)
    for mutation in made:
        _print_mutation(prompt, mutation, out)
    for note in notes:
        out.print(note, style="dim")


def _print_operator(name: str, summary: str, example: Mutation | None, out: Console) -> None:
    from rich.text import Text

    from flakestorm.reports.visible import visible

    out.print(Text.assemble((name, "bold"), "  ", summary))
    if example is not None:
        out.print(Text(f"    {visible(example.text, 140)}", style="dim"))


def _print_mutation(prompt: str, mutation: Mutation, out: Console) -> None:
    from rich.text import Text

    from flakestorm.reports.difference import difference

    out.print(Text.assemble((mutation.operator, "bold"), f"  {mutation.kind}"))
    for turn in mutation.turns[:-1]:
        out.print(Text("  turn: ", style="dim") + difference("", turn, SHOWN_WIDTH))
    out.print(Text("  ") + difference(prompt, mutation.text, SHOWN_WIDTH))


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(mutations)
