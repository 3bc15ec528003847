"""The formats that a run can be written in: their names, file endings and writers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flakestorm.model.errors import PluginError, UsageError, WorkError
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.run import Run, RunInfo
from flakestorm.plugins import Registry
from flakestorm.reports.csv_report import write_csv
from flakestorm.reports.html import write_html
from flakestorm.reports.json_report import read_json_report, write_json
from flakestorm.reports.jsonl import read_jsonl_report, write_jsonl
from flakestorm.reports.junit import write_junit
from flakestorm.reports.markdown import write_markdown
from flakestorm.reports.sarif import write_sarif

TERMINAL = "terminal"
"""The one format that is no file: it is printed."""


@dataclass(frozen=True, slots=True)
class Format:
    """``ending`` is the end of the file names, such as ``.junit.xml``; ``write`` streams bytes."""

    ending: str
    write: Callable[[Run, BinaryIO], None]


def _check(name: str, format_: Format) -> None:
    if not format_.ending.startswith("."):
        raise PluginError(f"report format '{name}' has the ending '{format_.ending}'; it must begin with '.'")


formats: Registry[Format] = Registry("report format", "flakestorm.reports", _check)
formats.add("html", Format(".html", write_html), __name__)
formats.add("json", Format(".json", write_json), __name__)
formats.add("jsonl", Format(".jsonl", write_jsonl), __name__)
formats.add("junit", Format(".junit.xml", write_junit), __name__)
formats.add("sarif", Format(".sarif", write_sarif), __name__)
formats.add("markdown", Format(".md", write_markdown), __name__)
formats.add("csv", Format(".csv", write_csv), __name__)


def format_of(spec: str) -> tuple[str, Path | None]:
    """What ``-o spec`` asks for: a format's name, and the file when ``spec`` names one.

    ``html`` is ("html", None), ``out/run.json`` is ("json", Path("out/run.json")). Raises ``UsageError``.
    """
    if spec == TERMINAL or spec in formats:
        return spec, None
    # The longest ending wins, so that run.junit.xml is not taken for a plugin's .xml.
    for name, format_ in sorted(formats.items(), key=lambda item: -len(item[1].ending)):
        if spec.lower().endswith(format_.ending) and len(spec) > len(format_.ending):
            return name, Path(spec)
    names = [TERMINAL, *formats]
    endings = [format_.ending for _, format_ in formats.items()]
    if "." in Path(spec).name:
        near = did_you_mean("".join(Path(spec).suffixes), endings)
    else:
        near = did_you_mean(spec, names)
    raise UsageError(
        f"-o {spec}: no report format has this name or file ending{near or '.'} "
        f"Names: {', '.join(names)}. Endings: {' '.join(endings)}."
    )


def default_path(info: RunInfo, folder: Path, template: str, format_name: str) -> Path:
    """Where a report goes when only its format was named.

    ``template`` may hold ``{run_id}``, ``{date}`` (2025-01-31) and ``{time}`` (235959), as the section
    ``output`` of the configuration has checked; the ending is added.
    """
    date, _, time = info.started_at.partition("T")
    values = {"{run_id}": info.id, "{date}": date, "{time}": time[:8].replace(":", "")}
    ending = formats.get(format_name).ending
    stem = template.removesuffix(ending)
    for name, value in values.items():
        stem = stem.replace(name, value)
    return folder / (stem + ending)


def write_report(run: Run, destination: Path, format_name: str) -> None:
    """Write ``run`` to the file ``destination``, whole or not at all.

    Raises ``UsageError`` for an unknown format and ``WorkError`` when the file cannot be written.
    """
    write = formats.get(format_name).write
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(destination, lambda out: write(run, out))
    except OSError as error:
        raise WorkError(
            f"the {format_name} report could not be written to {destination}: {error.strerror or error}. "
            "The run is stored; write it elsewhere with: "
            f"flakestorm report {run.info.id} -o OTHER{formats.get(format_name).ending}"
        ) from error


def read_report(path: Path) -> Run:
    """The run in a .json or .jsonl report. Raises ``UsageError`` for anything else."""
    if path.suffix.lower() == ".jsonl":
        return read_jsonl_report(path)
    if path.suffix.lower() == ".json":
        return read_json_report(path)
    raise UsageError(f"{path}: only .json and .jsonl reports can be read back.")


def _write_whole(destination: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write beside ``destination`` and rename, so that nobody ever sees half a report."""
    part = destination.with_name(f".{destination.name[:80]}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            write(out)
        part.replace(destination)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
