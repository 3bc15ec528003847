"""``flakestorm demo``: a sample agent is tested in seconds, without network, key or configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import OutputOption

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.core.config import FlakeStormConfig
    from flakestorm.model.run import Run

PROFILES = ("provider_outage", "quota_exhausted", "hostile_context")
"""What the sample agent's LLM goes through, beside the faults of its configuration."""

WEAK_AGENT_IS_FINE = (0, 1)
"""Exit codes of a run that did its work, whatever it found: the sample agent is meant to fall short."""


@bounded
def demo(
    output: OutputOption = None,
    show: Annotated[bool, typer.Option("--open", help="Open the HTML report in the browser.")] = False,
    serve_only: Annotated[
        bool, typer.Option("--serve-only", help="Only start the sample agent, to play with.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="With --serve-only: where it listens.")
    ] = 8000,
) -> int:
    """Test a sample agent, to see what flakestorm does.

    It starts on this machine, needs no network and no key, and takes seconds.
    """
    if serve_only:
        return _serve(port)
    from flakestorm.cli.consoles import console
    from flakestorm.cli.run import present, watched
    from flakestorm.core.chaos_plan import Chaos
    from flakestorm.core.config import load_config
    from flakestorm.core.replay_run import Replays
    from flakestorm.core.wishes import Wishes
    from flakestorm.demo.configuration import FILE, place_configuration
    from flakestorm.reports.formats import format_of

    original = place_configuration()
    config = load_config(FILE)
    wanted = [format_of(spec) for spec in output or config.output.format]
    if show and all(name != "html" for name, _ in wanted):
        wanted.append(("html", None))
    out = console()
    _introduce(config, original, out)
    replays = Replays.wanted(config, only=False) if config.replays is not None else None
    wishes = Wishes(chaos=Chaos.wanted(config, PROFILES), replays=replays)
    finished = watched(config, wishes, out, wanted)
    code = present(finished, config, out, wanted)
    _what_now(out)
    if show:
        _open_page(finished, config, wanted)
    return 0 if code in WEAK_AGENT_IS_FINE else code


def _introduce(config: FlakeStormConfig, original: bool, out: Console) -> None:
    from flakestorm.demo.configuration import FILE

    out.print(
        "A support agent of a fictional shop is started on this machine: it works with tools and with a "
        "scripted LLM, so neither network nor key is needed."
    )
    out.print(
        f"It gets {len(config.golden)} golden prompts, undisturbed and in {config.mutations.count} disturbed "
        f"forms each; then its LLM fails in {1 + len(PROFILES)} ways, and a recorded conversation is "
        f"replayed. {len(config.invariants)} rules judge its replies."
    )
    whose = "" if original else ", used as you have changed it; delete it to get the original"
    out.print(f"All of this is said in {FILE}{whose}.")
    out.print()


def _what_now(out: Console) -> None:
    from flakestorm.demo import agent

    out.print()
    out.print("Now your own agent", style="bold")
    for command, purpose in (
        ("flakestorm init", "writes flakestorm.yaml: say where it is"),
        ("flakestorm verify", "checks the file, and that the agent answers"),
        ("flakestorm run", "finds out how it breaks"),
    ):
        out.print(f"  {command:<32}{purpose}")
    out.print("Or look at this one", style="bold")
    out.print(f"  {'flakestorm demo --serve-only':<32}starts it at port 8000, to play with")
    out.print(f"  {agent.__file__}", soft_wrap=True)
    out.print(f"  {'':<32}its code, with each weakness marked")


def _open_page(finished: Run, config: FlakeStormConfig, wanted: list[tuple[str, Path | None]]) -> None:
    import webbrowser

    from flakestorm.reports.formats import default_path

    given = next(path for name, path in wanted if name == "html")
    folder, template = Path(config.output.path), config.output.filename_template
    page = given or default_path(finished.info, folder, template, "html")
    webbrowser.open(page.resolve().as_uri())


def _serve(port: int) -> int:
    from flakestorm.demo.agent import main

    typer.echo(f"The sample agent listens at http://127.0.0.1:{port}/chat until you press Ctrl-C. Ask it:")
    question = '{"message": "Where is my order FH-48213?"}'
    typer.echo(f"  curl -s -H 'Content-Type: application/json' -d '{question}' http://127.0.0.1:{port}/chat")
    main(["--port", str(port)])
    return 0


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(demo)
