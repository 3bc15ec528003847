"""The command line put together: one command per file, each imported only as far as its help needs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flakestorm.cli import (
    chaos,
    ci,
    compare,
    contract,
    demo,
    doctor,
    explore,
    faults,
    gateway,
    init,
    mutations,
    plan,
    record,
    reliability,
    replay,
    report,
    run,
    runs,
    schema,
    score,
    shrink,
    verify,
)
from flakestorm.cli.boundary import end_on
from flakestorm.version import __version__

EPILOG = (
    "Exit codes: 0 all good, 1 the agent fell short, 2 the command line or the configuration is wrong, "
    "3 flakestorm could not do its work, 4 inconclusive, 130 interrupted, "
    "141 nobody read the output to its end."
)


class _Application(TyperGroup):
    """Ends help and version as commands end that cannot write: else a pipe that closes gave "fell short"."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Here the program's own help and version are printed."""
        try:
            return super().make_context(*args, **kwargs)
        except OSError as error:
            end_on(error)

    def invoke(self, ctx: Any) -> Any:
        """And here the help of each command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            end_on(error)


app = typer.Typer(
    name="flakestorm",
    cls=_Application,
    help="Find out how an AI agent breaks, before production does. Start with: flakestorm demo",
    epilog=EPILOG,
    no_args_is_help=True,
    # Plain help: rich would double the time that --help takes.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flakestorm {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    del version


for module in (
    demo,
    init,
    verify,
    run,
    chaos,
    contract,
    ci,
    replay,
    explore,
    record,
    reliability,
    report,
    score,
    compare,
    plan,
    shrink,
    runs,
    mutations,
    faults,
    gateway,
    schema,
    doctor,
):
    module.register(app)
