"""JSON Lines: the run on the first line, then one trial a line, for tools that stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flakestorm.model.errors import UsageError
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Run
from flakestorm.reports.json_report import check_head, head_to_run, parse_json, read_bytes, record_of
from flakestorm.reports.json_text import json_bytes
from flakestorm.reports.run_dict import run_to_dict


def write_jsonl(run: Run, out: BinaryIO) -> None:
    """Write ``run`` without its trials on the first line, then each trial on its own."""
    out.write(json_bytes(run_to_dict(run)) + b"\n")
    out.writelines(json_bytes(record.to_dict()) + b"\n" for record in run.records())


def read_jsonl_report(path: Path) -> Run:
    """The run that a JSON Lines report describes; its records are read from the file as a stream.

    Raises ``UsageError`` that says what is wrong with the file, and on which line.
    """
    lines = read_bytes(path).splitlines()
    if not lines:
        raise UsageError(f"{path}: the file is empty. Write the report again.")
    head = parse_json(path, lines[0])
    check_head(path, head)

    def records() -> Iterator[TrialRecord]:
        for number, line in enumerate(lines[1:], start=2):
            yield record_of(f"{path}:{number}", parse_json(path, line, number - 1))

    return head_to_run(path, head, records)
