"""The CSV report: one row a trial, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.reports.csv_report import LONGEST_CELL, write_csv


def rows(run: Run) -> list[dict[str, str]]:
    """The rows, read by the standard library."""
    out = io.BytesIO()
    write_csv(run, out)
    assert not out.closed
    return list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))


def reply_in(run: Run, text: str) -> str:
    """The cell of a reply ``text``."""
    one = TrialRecord(
        Trial.of(GoldenPrompt(("hi",))), Outcome(1.0, reply=text), (), TrialStatus.SKIPPED, "why not"
    )
    (row,) = rows(replace(run, records=lambda: iter([one])))
    return row["reply"]


@pytest.mark.parametrize("which", ["run", "hostile_run"])
def test_row_for_each_trial(which: str, request: pytest.FixtureRequest) -> None:
    """In the order of finishing, with its status, and with as many cells as there are names."""
    run = request.getfixturevalue(which)
    read = rows(run)
    assert [(row["id"], row["status"]) for row in read] == [
        (r.trial.id, r.status.value) for r in run.records()
    ]
    assert all(None not in row and None not in row.values() for row in read)


def test_what_a_row_tells(run: Run) -> None:
    """The worst severity, the broken rules and why; of an error its kind; of a control trial no mutation."""
    verdicts = (
        Verdict("a", "regex", Severity.LOW, VerdictStatus.FAILED, "no a"),
        Verdict("b", "regex", Severity.HIGH, VerdictStatus.FAILED, "no b"),
    )
    trial = Trial.of(GoldenPrompt(("hi",), "greeting"))
    dead = Outcome(2.0, error=OutcomeError(ErrorKind.TIMEOUT, "no reply in 30 s"))
    some = [
        TrialRecord(trial, Outcome(1.2345, reply="x", status=200), verdicts, TrialStatus.FAILED),
        TrialRecord(trial, dead, (), TrialStatus.ERRORED),
    ]
    first, second = rows(replace(run, records=lambda: iter(some)))
    assert (first["severity"], first["broken"], first["why"]) == ("high", "a, b", "no a\nno b")
    assert (first["prompt"], first["operator"], first["http_status"]) == ("greeting", "", "200")
    assert first["latency_ms"] == "1.234"
    assert (second["error"], second["reply"], second["severity"]) == ("timeout: no reply in 30 s", "", "")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        (" \t+1", " \t'+1"),
        ("hello;=cmd|' /C calc'!A0", "hello;'=cmd|' /C calc'!A0"),
        ("list:\n- one", "list:\n'- one"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\r=1", "U+000D=1"),
        ("a=b, c-d", "a=b, c-d"),
        ("\x1b[31m\x00\ud800", "U+001B[31mU+0000U+D800"),
        ('say "hi", then\nleave', 'say "hi", then\nleave'),
    ],
)
def test_no_cell_is_a_formula(run: Run, text: str, cell: str) -> None:
    """An apostrophe stands before what could be one, also where another limit of cells may be seen."""
    assert reply_in(run, text) == cell


def test_long_text_is_cut(run: Run) -> None:
    """Spreadsheets cut cells, and this says so."""
    for text in ("x" * 1_000_000, "\u200b" * 20_000):
        cell = reply_in(run, text)
        assert cell.endswith("…")
        assert len(cell) == LONGEST_CELL + 1
    assert reply_in(run, "x" * LONGEST_CELL) == "x" * LONGEST_CELL


def test_it_is_a_stream(run: Run) -> None:
    """No more than a buffer of rows is held back."""
    out = io.BytesIO()
    lengths = []

    def records() -> Iterator[TrialRecord]:
        for one in run.records():
            lengths.append(out.tell())
            yield one

    write_csv(replace(run, records=records), out)
    assert len(set(lengths)) > 5
    assert out.tell() - lengths[-1] < 20_000


@settings(max_examples=80, deadline=None)
@given(text=st.text(st.characters(), max_size=30))
def test_any_text_is_one_cell(template: Any, text: str) -> None:
    """Whatever it is, it is one cell, and does not begin like a formula."""
    cell = reply_in(template.run, text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
