"""The JUnit report: CI systems show a run's trials among the tests they know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from html import escape
from typing import BinaryIO

from flakestorm.model.composition import short_name
from flakestorm.model.contract import CellStatus
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import VerdictStatus
from flakestorm.reports.hidden import plain
from flakestorm.reports.junit_contract import contract_suite, counts_of_cells
from flakestorm.reports.junit_text import opening
from flakestorm.reports.rerun import rerun
from flakestorm.reports.visible import visible

LONGEST_TEXT = 2000
"""Characters of a prompt or a reply; CI systems refuse files of hundreds of megabytes."""
NAME_WIDTH = 80


def write_junit(run: Run, out: BinaryIO) -> None:
    """Write ``run`` as a test suite with a case for each trial, never holding more than one of them.

    The cells of a contract are a suite of their own behind it.

    What a broken invariant fails is a failure, what gave no verdict is an error, and what counts for nothing
    is skipped. Nothing but characters of XML 1.0 is written: all others are named, as in ``U+001B``.
    """
    out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    totals, info = run.totals, run.info
    counts = {
        "tests": totals.trials,
        "failures": totals.failed,
        "errors": totals.errored,
        "time": f"{info.seconds:.3f}",
    }
    skipped = totals.skipped + totals.inconclusive
    suite = {**counts, "skipped": skipped, "timestamp": _timestamp(info.started_at), "id": info.id}
    cells = Counter() if run.contract is None else counts_of_cells(run.contract)
    all_counts = {
        **counts,
        "tests": totals.trials + cells.total(),
        "failures": totals.failed + cells[CellStatus.FAILED],
        "errors": totals.errored + cells[CellStatus.ERRORED],
    }
    _line(out, opening("testsuites", {"name": "flakestorm", **all_counts}))
    _line(out, opening("testsuite", {"name": f"flakestorm {visible(info.target)}", **suite}))
    _line(out, "<properties>")
    for name, value in _properties(run):
        _line(out, opening("property", {"name": name, "value": value}, closed=True))
    _line(out, "</properties>")
    again = rerun(info)
    for record in run.records():
        _line(out, _case(record, rerun(info, record.trial.scenario)))
    _line(out, "</testsuite>")
    if run.contract is not None:
        for line in contract_suite(run.contract, again):
            _line(out, line)
    _line(out, "</testsuites>")


def _line(out: BinaryIO, text: str) -> None:
    out.write(text.encode() + b"\n")


def _timestamp(started_at: str) -> str:
    """The start in UTC without its offset, as the readers of this format want it."""
    try:
        started = datetime.fromisoformat(started_at)
    except ValueError:
        return started_at
    return started.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds")


def _properties(run: Run) -> Iterator[tuple[str, object]]:
    info, overall = run.info, run.scores.overall
    yield "run", info.id
    yield "verdict", run.assessment.headline
    yield "exit_code", run.assessment.exit_code
    if overall is not None:
        yield "score", f"{overall.value:.4f}"
        yield "score_low", f"{overall.low:.4f}"
        yield "score_high", f"{overall.high:.4f}"
    yield "seed", info.seed
    yield "config_digest", info.config_digest
    yield "flakestorm", info.version
    if info.commit:
        yield "branch", info.branch
        yield "commit", info.commit


def _case(record: TrialRecord, again: str) -> str:
    trial = record.trial
    start = opening(
        "testcase",
        {
            "classname": f"{_class_name(trial)}.{_group(trial)}",
            "name": _name(trial),
            "time": f"{record.outcome.latency_ms / 1000:.3f}",
        },
        closed=record.status is TrialStatus.PASSED,
    )
    if record.status is TrialStatus.PASSED:
        return start
    return f"{start}{_result(record, again)}</testcase>"


def _class_name(trial: Trial) -> str:
    # Readers take dots for the limits of packages.
    return visible(trial.prompt.name or trial.prompt.text, NAME_WIDTH).replace(".", "·")


def _group(trial: Trial) -> str:
    if trial.scenario != NO_CHAOS:
        return trial.scenario
    return trial.mutation.type if trial.mutation else "undisturbed"


def _name(trial: Trial) -> str:
    what = short_name(trial.mutation.operator) if trial.mutation else "as it is"
    repeat = f" #{trial.repeat + 1}" if trial.repeat else ""
    return f"{visible(what, NAME_WIDTH)}{repeat} [{trial.id}]"


def _result(record: TrialRecord, again: str) -> str:
    if record.status is TrialStatus.FAILED:
        broken = [v for v in record.verdicts if v.status is VerdictStatus.FAILED]
        broken.sort(key=lambda verdict: verdict.severity.rank)
        expected = [f"{v.invariant} ({v.type}, {v.severity}) holds" for v in broken]
        actual = [f"{v.invariant}: {v.detail or 'broken'}" for v in broken]
        type_ = broken[0].type if broken else "failed"
        return _element("failure", "; ".join(actual), type_, _story(record, expected, actual, again))
    if record.status is TrialStatus.ERRORED:
        error = record.outcome.error
        kind = error.kind.value if error else "not_judged"
        message = error.message if error else record.note
        return _element("error", message, kind, _story(record, ["a reply"], [message], again))
    return opening("skipped", {"message": record.note or record.status.value}, closed=True)


def _element(element: str, message: str, type_: str, story: str) -> str:
    return f"{opening(element, {'message': visible(message, 300), 'type': type_})}{story}</{element}>"


def _story(record: TrialRecord, expected: list[str], actual: list[str], again: str) -> str:
    """What was expected, what came, and how to see it again, a line each."""
    lines = [("expected", text) for text in expected] + [("actual", text) for text in actual]
    lines.append(("sent", record.trial.turns[-1]))
    outcome = record.outcome
    if outcome.reply is not None:
        lines.append(("reply", outcome.reply))
    if outcome.error is not None and outcome.error.detail:
        lines.append(("detail", outcome.error.detail))
    told = "\n".join(f"{name + ':':<10}{visible(text, LONGEST_TEXT)}" for name, text in lines)
    return escape(plain(f"{told}\nagain:    {again} --only trial:{record.trial.id}"))
