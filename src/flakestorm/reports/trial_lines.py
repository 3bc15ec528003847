"""The trials of a JSON or JSON Lines report as plain data, one at a time: a report may have 100,000."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from flakestorm.model.errors import UsageError
from flakestorm.reports.json_report import check_head, parse_json

_TRIALS = b',"trials":['
"""How the first line of a JSON report ends: each trial has a line of its own after it."""


def read_head(path: Path) -> dict[str, Any]:
    """The report without its trials. Raises ``UsageError`` that says what is wrong with the file."""
    head: dict[str, Any] = next(_documents(path))
    check_head(path, head)
    return head


def read_trials(path: Path) -> Iterator[dict[str, Any]]:
    """Each trial in its public JSON form. Raises ``UsageError`` on a damaged line."""
    documents = _documents(path)
    next(documents)
    yield from documents


def _documents(path: Path) -> Iterator[Any]:
    """The head, then each trial."""
    try:
        with path.open("rb") as file:
            first = file.readline()
            lines = enumerate(file, start=1)
            if path.suffix.lower() == ".jsonl":
                yield parse_json(path, first)
                yield from (parse_json(path, line, before) for before, line in lines)
            elif first.rstrip().endswith(_TRIALS):
                yield parse_json(path, first.rstrip()[: -len(_TRIALS)] + b"}")
                yield from _listed(path, lines)
            else:
                yield from _reformatted(path, b"".join(chain([first], file)))
    except OSError as error:
        raise UsageError(
            f"the report {path} cannot be read: {error.strerror or error}. "
            "Give the path of a .json or .jsonl report, or a run's id."
        ) from None


def _listed(path: Path, lines: Iterator[tuple[int, bytes]]) -> Iterator[Any]:
    """Trials in the lines that ``write_json`` makes, up to the end of the list."""
    before, closed = 0, False
    for before, line in lines:
        if line.strip() == b"]}":
            closed = True
            break
        yield parse_json(path, line.rstrip().removesuffix(b","), before)
    if not closed:
        # Told as any other report that breaks off.
        parse_json(path, b"", before + 1)


def _reformatted(path: Path, text: bytes) -> Iterator[Any]:
    """A report that another program has laid out anew can only be read as a whole."""
    document = parse_json(path, text)
    trials = document.pop("trials", ()) if isinstance(document, dict) else ()
    yield document
    yield from trials if isinstance(trials, list) else ()
