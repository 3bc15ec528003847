"""The JSON report: one document for other programs, written as a stream and read back into a run."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, BinaryIO

from flakestorm.model.errors import UsageError
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Run
from flakestorm.reports.json_text import json_bytes, json_value
from flakestorm.reports.run_dict import SCHEMA, run_from_dict, run_to_dict


def write_json(run: Run, out: BinaryIO) -> None:
    """Write ``run``, one trial a line, without ever holding more than one of them."""
    out.write(json_bytes(run_to_dict(run))[:-1])
    out.write(b',"trials":[')
    separator = b"\n"
    for record in run.records():
        out.write(separator + json_bytes(record.to_dict()))
        separator = b",\n"
    out.write(b"\n]}\n")


def read_json_report(path: Path) -> Run:
    """The run that a JSON report describes.

    Raises ``UsageError`` that says what is wrong with the file, and where.
    """
    document = parse_json(path, read_bytes(path))
    check_head(path, document)
    trials = document.get("trials")
    if not isinstance(trials, list):
        raise UsageError(f"{path}: the report has no list of trials (key 'trials'). Write the report again.")

    def records() -> Iterator[TrialRecord]:
        for number, trial in enumerate(trials):
            yield record_of(f"{path}: trials[{number}]", trial)

    return head_to_run(path, document, records)


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises ``UsageError`` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the report {path} cannot be read: {error.strerror or error}. "
            "Give the path of a .json or .jsonl report, or a run's id."
        ) from None


def parse_json(path: Path, text: bytes, line: int = 0) -> Any:
    """The value of ``text``, which begins after ``line`` lines of the file. Raises ``UsageError``."""
    try:
        return json_value(text)
    except JSONDecodeError as error:
        where = f"{path}:{line + error.lineno}:{error.colno}"
        broken_off = error.pos >= len(error.doc.rstrip())
        what = "the report breaks off here; it was not written to its end" if broken_off else error.msg
        raise UsageError(f"{where}: not a complete JSON report: {what}. Write the report again.") from None


def check_head(path: Path, document: Any) -> None:
    """Raise ``UsageError`` unless ``document`` is a report of this version with a well-formed head."""
    if not isinstance(document, dict) or "schema" not in document:
        raise UsageError(f"{path}: this is no flakestorm report: it has no key 'schema' at the top.")
    schema = document["schema"]
    if schema != SCHEMA:
        later = isinstance(schema, str) and schema.startswith("flakestorm-report/")
        advice = "Install the version of flakestorm that wrote it." if later else "Is it another tool's file?"
        raise UsageError(f"{path}: 'schema' is {schema!r}; this flakestorm reads '{SCHEMA}'. {advice}")
    _validate(path, document)


def head_to_run(path: Path, document: dict[str, Any], records: Any) -> Run:
    """The run in ``document``. Raises ``UsageError`` when a part of it cannot be understood."""
    try:
        return run_from_dict(document, records)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: the report does not fit its own format: {_reason(error)}.") from None


def record_of(where: str, data: Any) -> TrialRecord:
    """The trial in ``data``. Raises ``UsageError`` that begins with ``where``."""
    try:
        return TrialRecord.from_dict(data)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{where}: not a trial of a flakestorm report: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    return f"the key {error} is missing" if isinstance(error, KeyError) else str(error)


def _validate(path: Path, document: dict[str, Any]) -> None:
    """Only the head: a schema check of each of 100,000 trials would take minutes."""
    from jsonschema import Draft202012Validator

    from flakestorm.reports.schema import head_schema

    head = {key: value for key, value in document.items() if key != "trials"}
    for error in Draft202012Validator(head_schema()).iter_errors(head):
        raise UsageError(f"{path}: {error.json_path}: {error.message[:300]}. Write the report again.")
