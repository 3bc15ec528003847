"""What fails undisturbed is flakiness, or a broken rule, and is reported apart from fragility."""

from __future__ import annotations

from collections.abc import Container, Iterable

from flakestorm.model.finding import Finding
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import PromptRow
from flakestorm.model.verdict import Severity, VerdictStatus


def always_failing(control: Iterable[TrialRecord], but: Container[str] = ()) -> dict[str, frozenset[str]]:
    """Golden prompt id → the invariants, ``but`` some, that failed in every undisturbed trial judged."""
    failed: dict[str, set[str]] = {}
    other: dict[str, set[str]] = {}
    for record in control:
        for verdict in record.verdicts:
            if verdict.invariant in but:
                continue
            if verdict.status is VerdictStatus.FAILED:
                failed.setdefault(record.trial.prompt.id, set()).add(verdict.invariant)
            elif verdict.status is VerdictStatus.PASSED:
                other.setdefault(record.trial.prompt.id, set()).add(verdict.invariant)
    broken = {prompt: frozenset(names - other.get(prompt, set())) for prompt, names in failed.items()}
    return {prompt: names for prompt, names in broken.items() if names}


def baseline_of(control: Iterable[TrialRecord]) -> dict[str, str]:
    """Golden prompt id → the reply that later trials are compared with: the first good one, else the first.

    The order is that of the repeat numbers, not of arrival, so that concurrency cannot change it.
    """
    replies: dict[str, str] = {}
    ordered = sorted(control, key=lambda r: (r.status is not TrialStatus.PASSED, r.trial.repeat))
    for record in ordered:
        if record.outcome.reply is not None:
            replies.setdefault(record.trial.prompt.id, record.outcome.reply)
    return replies


def control_findings(prompts: Iterable[PromptRow]) -> tuple[Finding, ...]:
    """A finding for each golden prompt that is broken or flaky when nothing is disturbed."""
    findings = []
    for row in prompts:
        judged = row.control.passed + row.control.failed
        if row.broken:
            title = f"'{_short(row.label)}' fails {', '.join(row.broken)} even undisturbed"
            detail = (
                f"All {row.control.trials} undisturbed trials failed. Either the agent cannot do this, or "
                "the invariant asks for the wrong thing. These verdicts are set aside in the scores."
            )
            findings.append(Finding("control_fails", Severity.HIGH, title, detail))
        elif judged and row.control.failed == judged:
            title = f"'{_short(row.label)}' fails even undisturbed: all {judged} trials that could be judged"
            findings.append(Finding("control_fails", Severity.HIGH, title))
        elif row.control.failed:
            title = (
                f"'{_short(row.label)}' is flaky: {row.control.failed} of {judged} undisturbed trials failed"
            )
            detail = (
                f"{row.beyond_flakiness:.0f} of {row.disturbed.failed} failures under mutation go beyond "
                "what this flakiness explains."
            )
            findings.append(Finding("flaky", Severity.MEDIUM, title, detail))
        if row.control.errored:
            title = (
                f"'{_short(row.label)}' got no reply in {row.control.errored} of {row.control.trials} "
                "undisturbed trials"
            )
            findings.append(Finding("control_errors", Severity.HIGH, title))
    return tuple(findings)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
