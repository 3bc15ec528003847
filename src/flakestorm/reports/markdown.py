"""The Markdown report: the story of a run for a pull request or the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from flakestorm.model.ci import CiResult
from flakestorm.model.contract import ContractResult
from flakestorm.model.replay import ReplayResult
from flakestorm.model.run import Cause, PromptRow, Run, ScenarioRow, Totals, TypeRow
from flakestorm.model.verdict import VerdictStatus
from flakestorm.reports.guilty_part import evidence_of
from flakestorm.reports.markdown_text import cell, code, prose
from flakestorm.reports.measure_words import measure_rows
from flakestorm.reports.pillar_rows import HEADS, pillar_rows
from flakestorm.reports.replay_words import broken_rules, repeats_of
from flakestorm.reports.rerun import rerun
from flakestorm.reports.score_words import interval, percent
from flakestorm.reports.terminal_reliability import told

SHOWN_CAUSES = 20
SHOWN_PROMPTS = 10
SHOWN_SESSIONS = 50
SHOWN_FINDINGS = 20
MOST_SCENARIOS = 12
MOST_PROMISES = 40
EXAMPLE_WIDTH = 300
"""With these a report stays below the 65,536 characters that a comment on GitHub may have."""


def write_markdown(run: Run, out: BinaryIO) -> None:
    """Write the story of ``run``: its size does not depend on the number of trials."""
    out.writelines(line.encode() + b"\n" for line in markdown_lines(run))


def markdown_lines(run: Run) -> Iterator[str]:
    """The lines of the report, without their ends."""
    yield from _verdict(run)
    if run.ci is not None:
        yield from pillars_table(run.ci)
    if run.contract is not None:
        yield from _contract(run.contract)
    yield from _sessions(run.replay)
    yield from _causes(run)
    yield from _types(run.by_type)
    yield from _scenarios(run.by_scenario)
    yield from _prompts(run.by_prompt)
    yield from _measures(run)
    yield from _findings(run)
    yield from _method(run)


def _verdict(run: Run) -> Iterator[str]:
    word = {0: "Good", 1: "Fell short"}.get(run.assessment.exit_code, "No verdict")
    partial = "" if run.info.status == "complete" else "Partial: "
    yield f"# flakestorm: {partial}{word.lower() if partial else word}"
    yield ""
    yield f"**{prose(run.assessment.headline, 1000)}**"
    yield ""
    for reason in run.assessment.reasons:
        yield f"- {prose(reason)}"
    yield f"- Exit code {run.assessment.exit_code}. Again: {code(rerun(run.info), 1000)}"


def _sessions(result: ReplayResult | None) -> Iterator[str]:
    if result is None:
        return
    yield from _heading("Recorded sessions")
    yield "| session | now | repeats passed | what is wrong |"
    yield "|---|---|---|---|"
    for session in result.sessions[:SHOWN_SESSIONS]:
        wrong = "; ".join(broken_rules(session)) or ("" if session.is_judged else session.note)
        now = f"{session.status}{', flaky' if session.is_flaky else ''}"
        yield f"| {cell(session.terms.id)} | {now} | {repeats_of(session)} | {cell(wrong)} |"
    if len(result.sessions) > SHOWN_SESSIONS:
        yield ""
        yield f"… and {len(result.sessions) - SHOWN_SESSIONS} more."


def pillars_table(ci: CiResult) -> Iterator[str]:
    """The four pillars as a table under its heading."""
    yield from _heading("Pillars")
    yield f"| {' | '.join(HEADS)} |"
    yield "|---|---:|---:|---:|---:|---:|---|"
    for row in pillar_rows(ci):
        yield f"| {' | '.join(row)} |"


def _contract(contract: ContractResult) -> Iterator[str]:
    """Its cells, an invariant a row; a wide matrix is left to the other reports."""
    scenarios = contract.terms.scenarios
    if len(scenarios) > MOST_SCENARIOS:
        return
    yield from _heading(f"Contract {code(contract.terms.name)}")
    heads = ("invariant", "severity", *(cell(name, 30) for name in scenarios))
    yield f"| {' | '.join(heads)} |"
    yield f"|---|---{'|---' * len(scenarios)}|"
    statuses = {(one.invariant, one.scenario): one.status.value for one in contract.cells}
    for promise in contract.terms.promises[:MOST_PROMISES]:
        told = (statuses[promise.name, scenario] for scenario in scenarios)
        yield f"| {' | '.join((cell(promise.name), promise.severity.value, *told))} |"
    if len(contract.terms.promises) > MOST_PROMISES:
        yield ""
        yield f"… and {len(contract.terms.promises) - MOST_PROMISES} more."


def _causes(run: Run) -> Iterator[str]:
    if not run.causes:
        return
    yield from _heading("What breaks it")
    for number, cause in enumerate(run.causes[:SHOWN_CAUSES], start=1):
        yield f"{number}. **{cause.severity}**, {_trials(cause.count)}: {prose(cause.title)}"
        for name, text in _example(cause, rerun(run.info, cause.type)):
            yield f"    - {name}: {text}"
    if len(run.causes) > SHOWN_CAUSES:
        yield ""
        yield f"… and {len(run.causes) - SHOWN_CAUSES} more."


def _example(cause: Cause, again: str) -> Iterator[tuple[str, str]]:
    record = cause.minimal.record if cause.minimal else cause.example
    yield "sent", code(record.trial.turns[-1], EXAMPLE_WIDTH)
    if record.outcome.error is not None:
        yield "error", code(record.outcome.error.message, EXAMPLE_WIDTH)
    elif record.outcome.reply is not None:
        yield "reply", code(record.outcome.reply, EXAMPLE_WIDTH)
    for verdict in record.verdicts:
        if verdict.invariant == cause.rule and verdict.status is VerdictStatus.FAILED and verdict.detail:
            yield "why", code(verdict.detail, EXAMPLE_WIDTH)
    if cause.minimal is not None:
        yield "sure", prose(evidence_of(cause.minimal))
    yield "again", code(f"{again} --only trial:{record.trial.id}", 1000)


def _measures(run: Run) -> Iterator[str]:
    rows = list(measure_rows(run.measures))
    if rows:
        yield from _heading("How it behaves")
        for name, figures, meaning in rows:
            yield f"- {name} ({meaning}): {figures}"
    if run.surface is not None:
        yield from _heading("Reliability surface")
        for summary in run.surface.summaries:
            yield f"- k={summary.k}: {told(run.surface, summary)}"


def _types(rows: tuple[TypeRow, ...]) -> Iterator[str]:
    if rows:
        yield from _heading("By mutation type")
        yield from _table("type")
        for row in rows:
            yield _row(row.type, row, row.totals)


def _scenarios(rows: tuple[ScenarioRow, ...]) -> Iterator[str]:
    if rows:
        yield from _heading("Under faults")
        yield from _table("scenario")
        for row in rows:
            yield _row(row.name, row, row.totals)


def _table(first: str) -> Iterator[str]:
    yield f"| {first} | kept | 95 % interval | passed | failed | errored | inconclusive |"
    yield "|---|---:|---:|---:|---:|---:|---:|"


def _row(name: str, row: TypeRow | ScenarioRow, totals: Totals) -> str:
    counts = (totals.passed, totals.failed, totals.errored, totals.inconclusive)
    cells = (cell(name), percent(row.rate), interval(row.rate), *(f"{count:,}" for count in counts))
    return f"| {' | '.join(cells)} |"


def _prompts(rows: tuple[PromptRow, ...]) -> Iterator[str]:
    weak = [row for row in rows if row.disturbed.failed or row.control.failed or row.control.errored]
    if not weak:
        return
    yield from _heading("Weakest golden prompts")
    for row in weak[:SHOWN_PROMPTS]:
        control = f"undisturbed {row.control.passed} of {row.control.trials} passed"
        yield f"- {percent(row.rate)} disturbed, {control}: {code(row.label, 100)}"


def _findings(run: Run) -> Iterator[str]:
    if not run.findings:
        return
    yield from _heading("Findings")
    for finding in run.findings[:SHOWN_FINDINGS]:
        seen = f", {_trials(finding.count)}" if finding.count else ""
        detail = f" {prose(finding.detail)}" if finding.detail else ""
        yield f"- **{finding.severity}**{seen}: {prose(finding.title)}.{detail}"
    if len(run.findings) > SHOWN_FINDINGS:
        yield f"- … and {len(run.findings) - SHOWN_FINDINGS} more."


def _method(run: Run) -> Iterator[str]:
    info = run.info
    yield from _heading("How it was measured")
    at = f", commit {code(info.commit[:12])}" if info.commit else ""
    on = f", branch {code(info.branch)}" if info.branch else ""
    yield f"- Run {code(info.id)} of {code(info.target)}{on}{at}"
    yield f"- {run.totals.trials:,} trials in {info.seconds:,.0f} s, seed {info.seed}"
    yield f"- flakestorm {prose(info.version)}, configuration {code(info.config_digest)}"
    for note in info.notes[:SHOWN_FINDINGS]:
        yield f"- {prose(note)}"


def _heading(text: str) -> tuple[str, ...]:
    return "", f"## {text}", ""


def _trials(count: int) -> str:
    return f"{count:,} {'trial' if count == 1 else 'trials'}"
