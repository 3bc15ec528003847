"""``flakestorm compare``: is this run worse than that one?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.shares import share
from flakestorm.model.errors import UsageError, WorkError
from flakestorm.model.nearest import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.scoring.comparison_result import Comparison

_ENDINGS = {".json": "json", ".md": "markdown"}
_NAMES = ("terminal", "json", "markdown")

MarginOption = Annotated[
    float,
    typer.Option(
        "--margin",
        parser=share,
        metavar="SHARE",
        help="How much the share of failures may have grown where that is not proved, such as 5%.",
    ),
]


@bounded
def compare(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE", help="The earlier run: an id, BRANCH@latest, or a .json or .jsonl report."
        ),
    ],
    head: Annotated[
        str, typer.Argument(metavar="[HEAD]", help="The later run, named in the same ways.")
    ] = "latest",
    margin: MarginOption = 0.05,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT|FILE",
            help="terminal, json or markdown (printed), or a file ending in .json or .md. May be repeated.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> int:
    """Compare two runs: worse, not worse, or inconclusive.

    Trials are paired by their ids; exit codes: 0 not worse, 1 worse, 4 inconclusive.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.comparison import compare as compared

    wanted = [_format_of(spec) for spec in output or ["terminal"]]
    found = compared(base, head, margin)
    present_comparison(found, wanted, console(quiet))
    return found.numbers.verdict.exit_code


def present_comparison(found: Comparison, wanted: list[tuple[str, Path | None]], out: Console) -> None:
    """Write ``found`` in the ``wanted`` formats: into their files, or printed. Raises ``WorkError``."""
    from flakestorm.reports.comparison_json import comparison_json
    from flakestorm.reports.comparison_markdown import comparison_markdown
    from flakestorm.reports.comparison_terminal import print_comparison

    for name, path in wanted:
        if name == "terminal":
            print_comparison(found, out)
            continue
        text = comparison_json(found) if name == "json" else comparison_markdown(found).encode()
        if path is not None:
            _write(path, text)
        elif not out.quiet:
            typer.echo(text.decode(), nl=False)


def _write(path: Path, text: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    except OSError as error:
        raise WorkError(
            f"the comparison could not be written to {path}: {error.strerror or error}."
        ) from error


def _format_of(spec: str) -> tuple[str, Path | None]:
    if spec in _NAMES:
        return spec, None
    ending = Path(spec).suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending], Path(spec)
    near = did_you_mean(spec, _NAMES) or "."
    raise UsageError(f"-o {spec}: accepted are {', '.join(_NAMES)}, and files ending in .json or .md{near}")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(compare)
