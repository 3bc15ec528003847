"""The CSV report: a row for each trial, for spreadsheets that must not take a reply for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from flakestorm.model.contract import ContractResult
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Run
from flakestorm.model.verdict import Verdict, VerdictStatus
from flakestorm.reports.hidden import plain

LONGEST_CELL = 32_000
"""Characters; spreadsheets cut off what is longer than 32,767."""

# A spreadsheet may also take semicolons, tabs and line ends for the limits of cells.
_FORMULA = re.compile(r"(^|[;\t\n])([^\S\t\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])")

_COLUMNS: dict[str, Callable[[TrialRecord], str | float | None]] = {
    "id": lambda r: r.trial.id,
    "status": lambda r: r.status.value,
    "prompt": lambda r: r.trial.prompt.name or r.trial.prompt.text,
    "type": lambda r: r.trial.mutation.type if r.trial.mutation else "",
    "operator": lambda r: r.trial.mutation.operator if r.trial.mutation else "",
    "kind": lambda r: r.trial.mutation.kind.value if r.trial.mutation else "",
    "scenario": lambda r: r.trial.scenario,
    "repeat": lambda r: r.trial.repeat,
    "severity": lambda r: min(_broken(r), key=lambda v: v.severity.rank).severity.value if _broken(r) else "",
    "broken": lambda r: ", ".join(verdict.invariant for verdict in _broken(r)),
    "why": lambda r: "\n".join(verdict.detail for verdict in _broken(r)) or r.note,
    "error": lambda r: f"{r.outcome.error.kind}: {r.outcome.error.message}" if r.outcome.error else "",
    "latency_ms": lambda r: round(r.outcome.latency_ms, 3),
    "http_status": lambda r: r.outcome.status,
    "attempts": lambda r: r.outcome.attempts,
    "calls": lambda r: len(r.outcome.calls),
    "faults_fired": lambda r: r.outcome.faults_fired,
    "sent": lambda r: r.trial.turns[-1],
    "reply": lambda r: r.outcome.reply,
}
"""Column → its value for a trial; None is an empty cell."""

ROW, INVARIANT = "row", "invariant"
"""The last columns: whether a row is a trial or a cell of a contract, and of a cell its invariant."""


def write_csv(run: Run, out: BinaryIO) -> None:
    """Write the trials of ``run`` as UTF-8 with commas and a line of names, a trial at a time.

    Behind them are the cells of a contract: the column ``row`` tells the two apart.

    What a spreadsheet could take for a formula gets an apostrophe before it, hidden characters are named
    (``U+200B``), and long texts are cut with ``…``: the exact text is in the JSON report.
    """
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=False)
    rows = csv.writer(text)
    rows.writerow([*_COLUMNS, ROW, INVARIANT])
    for record in run.records():
        rows.writerow([*(_cell(value(record)) for value in _COLUMNS.values()), "trial", ""])
    for values in () if run.contract is None else _of_contract(run.contract):
        rows.writerow([_cell(values.get(name)) for name in (*_COLUMNS, ROW, INVARIANT)])
    # The caller's file stays open.
    text.flush()
    text.detach()


def _of_contract(contract: ContractResult) -> Iterator[dict[str, str]]:
    severities = contract.severities
    for cell in contract.cells:
        yield {
            "status": cell.status.value,
            "scenario": cell.scenario,
            "severity": severities[cell.invariant].value,
            "why": f"{cell.passed} passed, {cell.failed} failed, {cell.errored} errored, "
            f"{cell.inconclusive} inconclusive, {cell.skipped} skipped",
            ROW: "cell",
            INVARIANT: cell.invariant,
        }


def _broken(record: TrialRecord) -> list[Verdict]:
    return [verdict for verdict in record.verdicts if verdict.status is VerdictStatus.FAILED]


def _cell(value: str | float | None) -> str | float | None:
    if not isinstance(value, str):
        return value
    shown = _FORMULA.sub(r"\1'\2", plain(value[:LONGEST_CELL]))
    return shown if len(shown) <= LONGEST_CELL and len(value) <= LONGEST_CELL else f"{shown[:LONGEST_CELL]}…"
