"""``flakestorm mutations``: see what would be sent, or which operators there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import PluginsOption, load_plugins
from flakestorm.model.errors import UsageError
from flakestorm.mutations.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from flakestorm.core.samples import Sample
    from flakestorm.model.mutation import Mutation

SHOWN_WIDTH = 400
EXAMPLE_WIDTH = 140


@bounded
def mutations(
    prompt: Annotated[str, typer.Argument(help="The golden prompt to disturb.")] = "",
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", "-t", help="Only this mutation type, or several joined by +; may be repeated."
        ),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many mutations to show.")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other mutations.")] = 0,
    intensity: Annotated[
        float, typer.Option("--intensity", min=0.0, max=1.0, help="How strongly to disturb.")
    ] = 0.3,
    reach: Annotated[
        Reach, typer.Option("--reach", help="What to disturb: all of the prompt, or one sentence of it.")
    ] = Reach.PROMPT,
    listing: Annotated[bool, typer.Option("--list", help="List every operator with an example.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    config: PluginsOption = None,
) -> None:
    """Show what would be sent: mutations of a prompt, coloured.

    With --list every operator, each with an example.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.samples import mutation_dict, operator_samples, sample_mutations

    load_plugins(config)
    if listing:
        samples = list(operator_samples(prompt or None, types))
        if as_json:
            _print_json([sample.to_dict() for sample in samples])
        else:
            _print_samples(samples, console())
        return
    if not prompt:
        raise UsageError('give a prompt, as in: flakestorm mutations "Where is my order?" --type noise')
    made, notes = sample_mutations(prompt, seed, types=types, count=count, intensity=intensity, reach=reach)
    if as_json:
        _print_json({"mutations": [mutation_dict(mutation) for mutation in made], "notes": notes})
        return
    out = console()
    for mutation in made:
        _print_mutation(prompt, mutation, out)
    for note in notes:
        out.print(note, style="dim")


def _print_json(value: Any) -> None:
    import json

    # Escapes, so that a console in any charset can print it and invisible characters are seen.
    typer.echo(json.dumps(value, indent=2))


def _print_samples(samples: Sequence[Sample], out: Console) -> None:
    from rich.text import Text

    from flakestorm.model.mutation_type import MutationType

    descriptions = {type_.value: type_.description for type_ in MutationType}
    shown = None
    for sample in samples:
        type_ = sample.info.type
        if type_ != shown:
            out.print(Text.assemble("\n" if shown else "", (type_, "bold"), f": {descriptions[type_]}"))
            shown = type_
        _print_sample(sample, out)


def _print_sample(sample: Sample, out: Console) -> None:
    import json

    from rich.text import Text

    from flakestorm.reports.visible import visible

    out.print(Text.assemble("  ", (sample.info.name, "bold"), f"  {sample.info.summary}"))
    example = sample.example
    if example is None:
        return
    texts = list(example.turns) if example.attack is None else [json.dumps(example.attack.to_dict())]
    for text in texts:
        out.print(Text(f"      {visible(text, min(EXAMPLE_WIDTH, out.width - 8))}", style="dim"))


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
