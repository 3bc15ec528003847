"""Where the results of ``flakestorm ci`` go: a folder, files, the terminal, and GitHub's own places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.model.run import Run
    from flakestorm.scoring.ci_config import CiConfig
    from flakestorm.scoring.comparison_result import Comparison

COMPARISON = "comparison"


@dataclass(frozen=True)
class Destinations:
    """What ``-o`` asks for: ``folders`` for everything, and single ``reports`` as (format, file or None)."""

    folders: tuple[Path, ...]
    reports: list[tuple[str, Path | None]]

    @classmethod
    def of(cls, specs: Sequence[str]) -> Destinations:
        """Raises ``UsageError`` for what is neither a format, nor a file of one, nor a folder's name."""
        from flakestorm.reports.formats import TERMINAL, format_of, formats

        folders, reports = [], []
        for spec in specs:
            path = Path(spec)
            if path.is_dir() or spec.endswith(("/", os.sep)):
                folders.append(path)
                continue
            try:
                reports.append(format_of(spec))
                continue
            except UsageError:
                # A name without an ending is a folder that is yet to be made, if it is no slip of a format's.
                near = did_you_mean(spec, [TERMINAL, *formats])
                if path.suffix or near:
                    raise
            folders.append(path)
        return cls(tuple(folders), reports)


def write_everywhere(
    run: Run,
    found: Comparison | None,
    to: Destinations,
    asked: CiConfig,
    out: Console,
) -> None:
    """Write the folders, and in GitHub Actions annotations and the summary; ``found`` is the comparison.

    Raises ``WorkError`` when anything cannot be written.
    """
    from flakestorm.cli.compare import present_comparison

    if found is not None:
        present_comparison(found, [("terminal", None)], out)
    for folder in to.folders:
        _write_folder(run, found, folder, out)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        _tell_github(run, found, asked)


def _write_folder(run: Run, found: Comparison | None, folder: Path, out: Console) -> None:
    from flakestorm.cli.compare import present_comparison
    from flakestorm.reports.report_folder import INDEX, write_folder

    more = {}
    if found is not None:
        for name, ending, about in (("json", ".json", "for programs"), ("markdown", ".md", "for people")):
            present_comparison(found, [(name, folder / f"{COMPARISON}{ending}")], out)
            more[f"{COMPARISON}{ending}"] = f"against the baseline, {about}"
    write_folder(run, folder, more)
    out.print(f"reports   {folder / INDEX}", soft_wrap=True)


def _tell_github(run: Run, found: Comparison | None, asked: CiConfig) -> None:
    from flakestorm.reports.comparison_markdown import comparison_markdown
    from flakestorm.reports.github import annotated, of_comparison, write_step_summary
    from flakestorm.reports.report_folder import summary_lines

    for line in annotated(run, asked.fail_on):
        # Whatever is asked of the output: GitHub reads these lines from it.
        typer.echo(line)
    if found is not None and found.numbers.verdict.exit_code:
        typer.echo(of_comparison(found.headline, found.numbers.verdict.exit_code))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        lines = list(summary_lines(run))
        if found is not None:
            lines += ["", comparison_markdown(found)]
        write_step_summary(Path(summary), iter(lines))
