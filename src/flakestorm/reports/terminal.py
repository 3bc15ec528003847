"""The story of a run in a screenful: verdict, causes, where, what to do now."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.model.ci import CiResult
from flakestorm.model.replay import scenario_of, session_of
from flakestorm.model.run import Cause, Latency, PromptRow, Run, TypeRow
from flakestorm.model.verdict import VerdictStatus
from flakestorm.reports.attack_words import attack_rows
from flakestorm.reports.guilty_part import evidence_of, marked
from flakestorm.reports.measure_words import measure_rows
from flakestorm.reports.pillar_rows import HEADS, pillar_rows
from flakestorm.reports.rerun import rerun
from flakestorm.reports.score_words import interval, percent
from flakestorm.reports.severity_style import SEVERITY_STYLE
from flakestorm.reports.terminal_contract import print_contract
from flakestorm.reports.terminal_fault_map import print_fault_map
from flakestorm.reports.terminal_reliability import print_reliability
from flakestorm.reports.terminal_replay import print_replay
from flakestorm.reports.terminal_scenarios import print_behaviour, print_scenarios
from flakestorm.reports.visible import visible

SHOWN_CAUSES = 5
SHOWN_PROMPTS = 5
EXAMPLE_WIDTH = 100
COMMAND_WIDTH = 4000
"""Commands are shown whole: they are there to be pasted."""
INDENT = " " * 9


def print_run(run: Run, console: Console, written: Sequence[str] = ()) -> None:
    """Print ``run``; ``written`` are the paths of reports to point at."""
    _verdict(run, console)
    if run.ci is not None:
        _heading("Pillars", console)
        _pillars(run.ci, console)
    if run.contract is not None:
        _heading("Contract", console)
        print_contract(run.contract, console)
    if run.replay is not None:
        _heading("Recorded sessions", console)
        again = rerun(run.info, scenario_of(""))
        print_replay(run.replay, visible(again, COMMAND_WIDTH), console)
    if run.surface is not None:
        _heading("Reliability surface", console)
        print_reliability(run.surface, console)
    if run.fault_map is None:
        _causes(run, console)
        _under_faults(run, console)
    else:
        _heading("What each fault does", console)
        print_fault_map(run.fault_map, visible(rerun(run.info), COMMAND_WIDTH), console)
    _types(run.by_type, console)
    _prompts(run.by_prompt, console)
    _behaviour(run, console)
    _next_steps(run, console, written)


def _verdict(run: Run, console: Console) -> None:
    assessment = run.assessment
    word, style = {0: ("GOOD", "bold green"), 1: ("FELL SHORT", "bold red")}.get(
        assessment.exit_code, ("NO VERDICT", "bold yellow")
    )
    if run.info.is_exploration and assessment.exit_code == 0:
        # Nothing was demanded, and what was found may be anything but good.
        word, style = "EXPLORED", "bold"
    if run.info.status != "complete":
        word = f"PARTIAL, {word}"
    console.print()
    console.print(Text.assemble((word, style), "  ", assessment.headline))
    for reason in assessment.reasons:
        console.print(Text(f"  {visible(reason, 400)}"))
    if run.info.status != "complete":
        console.print(Text(f"  It stopped early: {run.info.stop_reason}.", style="yellow"))


def _pillars(ci: CiResult, console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in HEADS:
        table.add_column(head, justify="left" if head in ("pillar", "") else "right", no_wrap=True)
    for row in pillar_rows(ci):
        table.add_row(*row)
    console.print(table)


def _causes(run: Run, console: Console) -> None:
    # What sessions break is told with them.
    causes = [cause for cause in run.causes if session_of(cause.type) is None]
    if not causes:
        return
    _heading("What breaks it", console)
    for cause in causes[:SHOWN_CAUSES]:
        style = SEVERITY_STYLE[cause.severity]
        console.print(
            Text.assemble(
                (f"{cause.severity.value:<8} ", style), f"{cause.count:>5,} ×  ", visible(cause.title)
            )
        )
        _example(cause, rerun(run.info), console)
    if len(causes) > SHOWN_CAUSES:
        console.print(Text(f"… and {len(causes) - SHOWN_CAUSES} more in the report", style="dim"))


def _example(cause: Cause, again: str, console: Console) -> None:
    minimal, rule = cause.minimal, cause.rule
    record = minimal.record if minimal else cause.example
    sent = marked(minimal, EXAMPLE_WIDTH) if minimal else visible(record.trial.turns[-1], EXAMPLE_WIDTH)
    console.print(Text.assemble((f"{INDENT}{'sent':<6}", "dim"), sent or "(empty)"))
    rows: list[tuple[str, str, str]] = []
    if record.outcome.error is not None:
        rows.append(("error", record.outcome.error.message, ""))
    elif record.outcome.reply is not None:
        rows.append(("reply", record.outcome.reply, ""))
    why = next(
        (v.detail for v in record.verdicts if v.invariant == rule and v.status is VerdictStatus.FAILED), ""
    )
    if why:
        rows.append(("why", why, "dim"))
    rows += [(name, text, "") for name, text in attack_rows(record)]
    if minimal is not None:
        rows.append(("sure", evidence_of(minimal), "dim"))
    for name, text, style in rows:
        shown = visible(text, EXAMPLE_WIDTH) or "(empty)"
        console.print(Text.assemble((f"{INDENT}{name:<5} ", "dim"), (shown, style)))
    console.print(
        Text(f"{INDENT}again {visible(again, COMMAND_WIDTH)} --only trial:{record.trial.id}", "dim")
    )


def _under_faults(run: Run, console: Console) -> None:
    if run.by_scenario:
        _heading("Under faults", console)
        print_scenarios(run.by_scenario, console)
    seen_in_calls = [finding for finding in run.findings if finding.calls]
    if seen_in_calls:
        _heading("What it does when things fail", console)
        print_behaviour(seen_in_calls, visible(rerun(run.info), COMMAND_WIDTH), console)


def _types(rows: Sequence[TypeRow], console: Console) -> None:
    if not rows:
        return
    _heading("By mutation type", console)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("type")
    for name in ("kept", "95 % interval", "passed", "failed", "errored"):
        table.add_column(name, justify="right")
    for row in rows:
        totals = row.totals
        table.add_row(
            row.type,
            percent(row.rate),
            interval(row.rate),
            f"{totals.passed:,}",
            f"{totals.failed:,}",
            f"{totals.errored:,}",
        )  # fmt: skip - one line a column would hide the order
    console.print(table)


def _prompts(rows: Sequence[PromptRow], console: Console) -> None:
    weak = [row for row in rows if row.disturbed.failed or row.control.failed or row.control.errored]
    if not weak:
        return
    _heading("Weakest golden prompts", console)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    # The one column that may become narrower; the cells themselves keep to one line.
    table.add_column("prompt", max_width=60)
    for name in ("disturbed", "undisturbed"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in weak[:SHOWN_PROMPTS]:
        control = row.control
        table.add_row(
            Text(visible(row.label, 60), no_wrap=True, overflow="ellipsis"),
            percent(row.rate),
            f"{control.passed} of {control.trials} passed",
        )
    console.print(table)


def _behaviour(run: Run, console: Console) -> None:
    lines = [
        f"latency {name}: median {latency.p50:,.0f} ms, 95 % within {latency.p95:,.0f} ms, "
        f"slowest {latency.slowest:,.0f} ms"
        for name, latency in _latencies(run)
    ]
    lines.extend(f"{name}: {figures}" for name, figures, _ in measure_rows(run.measures))
    lines.extend(
        f"finding ({finding.severity}): {visible(finding.title)}"
        for finding in run.findings
        if not finding.calls
    )
    lines.extend(f"note: {visible(note, 300)}" for note in run.info.notes)
    if lines:
        _heading("How it behaves", console)
        for line in lines:
            console.print(Text(line))


def _latencies(run: Run) -> list[tuple[str, Latency]]:
    pairs = (("undisturbed", run.control_latency), ("disturbed", run.disturbed_latency))
    return [(name, latency) for name, latency in pairs if latency is not None]


def _next_steps(run: Run, console: Console, written: Sequence[str]) -> None:
    _heading("Next", console)
    again = visible(rerun(run.info), COMMAND_WIDTH)
    for path in written:
        console.print(Text(f"report    {path}", overflow="fold"))
    if run.totals.failed:
        console.print(Text(f"again     {again} --only failed"))
    if run.info.status != "complete":
        console.print(Text(f"go on     {again} --resume {run.info.id}"))
    console.print(Text(f"details   flakestorm report {run.info.id} -o html"))


def _heading(text: str, console: Console) -> None:
    console.print()
    console.print(Text(text, style="bold"))
