"""What breaks the agent, worst first: causes with their smallest example, then findings."""

from __future__ import annotations

from flakestorm.model.composition import type_of
from flakestorm.model.finding import Finding
from flakestorm.model.minimal import Minimal
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Cause, Run
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.reports.attack_words import attack_rows
from flakestorm.reports.guilty_part import evidence_of
from flakestorm.reports.html_difference import differences
from flakestorm.reports.html_text import difference, evidence, hostile
from flakestorm.reports.html_timeline import timeline
from flakestorm.reports.html_verdict import command
from flakestorm.reports.markup import Content, Html, join, tag, view
from flakestorm.reports.rerun import rerun

OPEN = 3
"""So many causes are unfolded; the others show their title."""
LISTED = 50
"""So many causes are on the page; what comes after them is rarer than anybody reads."""


def causes_section(run: Run) -> Html:
    """One article per cause, then what flakestorm noticed by itself."""
    causes = run.causes[:LISTED]
    shown: list[Content] = [
        _cause(number, cause, rerun(run.info, cause.type)) for number, cause in enumerate(causes)
    ]
    if not causes:
        shown = [tag("p", "Nothing broke.", class_="muted")]
    if len(run.causes) > LISTED:
        shown.append(
            tag(
                "p",
                f"{len(run.causes) - LISTED} rarer causes are left out here; ",
                tag("a", "all failed trials", href=view(status="failed,errored")),
                " are in the table.",
                class_="muted",
            )
        )
    return tag(
        "section",
        tag("h2", "What breaks it", tag("span", f"{len(run.causes)}", class_="count")),
        *shown,
        findings_list(run.findings),
        id="causes",
    )


def severity_tag(severity: Severity) -> Html:
    """The severity as a word whose weight shows how bad it is."""
    return tag("span", severity.value, class_=f"tag severity-{severity.value}")


def _cause(number: int, cause: Cause, again: str) -> Html:
    times = f"{cause.count:,} {'trial' if cause.count == 1 else 'trials'}"
    summary = tag(
        "summary",
        severity_tag(cause.severity),
        tag("h3", hostile(cause.title)),
        tag("span", times, class_="times"),
    )
    return tag("details", summary, _example(cause, again), class_="cause", open=number < OPEN)


def _example(cause: Cause, again: str) -> Html:
    minimal = cause.minimal
    record = minimal.record if minimal else cause.example
    verdict = _broken(cause, record)
    if verdict is None:
        rule = tag("p", "No reply · ", tag("code", hostile(cause.rule)), class_="rule")
    else:
        whose = "brought by the mutation" if cause.implied else "your rule"
        rule = tag("p", "Breaks ", tag("code", hostile(cause.rule)), f" · {whose}", class_="rule")
    detail = verdict.detail if verdict else record.outcome.error.message if record.outcome.error else ""
    sent = _smallest(minimal) if minimal else _sent(record)
    opened = "Open the trial it was reduced from" if minimal else "Open this trial"
    return tag(
        "div",
        rule,
        tag("p", hostile(detail[:600]), class_="because") if detail else None,
        tag("div", sent, _came_back(record, verdict), class_="exchange"),
        _on_the_wire(record),
        tag("p", evidence_of(minimal).capitalize(), ".", class_="muted") if minimal else None,
        command(f"{again} --only trial:{record.trial.id}", "show this failure again"),
        tag(
            "p",
            tag("a", opened, href=view(trial=minimal.trial if minimal else record.trial.id)),
            " · ",
            tag("a", "Trials like it", href=_like(cause)),
            class_="links",
        ),
        class_="cause-body",
    )


def _on_the_wire(record: TrialRecord) -> Html | None:
    """What an attack on the protocol sent, and what was seen of it."""
    rows = attack_rows(record)
    if not rows:
        return None
    cells = (tag(name, body) for what, seen in rows for name, body in (("dt", what), ("dd", hostile(seen))))
    return tag("dl", *cells, class_="facts")


def _like(cause: Cause) -> str:
    """The view of the trials that broke the same rule under the same disturbance."""
    rule = cause.rule
    if rule.startswith("error: "):
        rule = rule.split(" ")[1]
    if len({type_of(operator) for operator in cause.operators}) > 1:
        return view(cause=rule)
    return view(cause=rule, type=cause.type)


def _broken(cause: Cause, record: TrialRecord) -> Verdict | None:
    failed = [v for v in record.verdicts if v.status is VerdictStatus.FAILED]
    return next((verdict for verdict in failed if verdict.invariant == cause.rule), None)


def _sent(record: TrialRecord) -> Html:
    trial = record.trial
    mutation = trial.mutation
    how = "Sent as it is"
    body: Content = hostile(trial.prompt.text)
    if mutation is not None:
        how = "Sent"
        body = difference(differences(trial.prompt.text, mutation.edits))
    operator = tag("span", mutation.operator, class_="muted") if mutation else None
    return tag("figure", tag("figcaption", how, operator), _earlier(record), tag("div", body, class_="text"))


def _smallest(minimal: Minimal) -> Html:
    """The input that fails, with what makes it fail marked; without that it passes."""
    operator = tag("span", f"from {minimal.operator}", class_="muted")
    body = difference(differences(minimal.before, minimal.edits))
    return tag(
        "figure",
        tag("figcaption", "Smallest input that fails", operator),
        _earlier(minimal.record),
        tag("div", body, class_="text"),
    )


def _earlier(record: TrialRecord) -> Html | None:
    earlier = len(record.trial.turns) - 1
    if not earlier:
        return None
    return tag("p", f"after {earlier} earlier {'turn' if earlier == 1 else 'turns'}", class_="muted")


def _came_back(record: TrialRecord, verdict: Verdict | None) -> Html:
    outcome = record.outcome
    if outcome.error is not None:
        text = outcome.error.detail or outcome.error.message
        return tag(
            "figure",
            tag("figcaption", "No reply", tag("span", outcome.error.kind.value, class_="muted")),
            tag("div", evidence(text, ()), class_="text"),
        )
    spans = verdict.evidence if verdict else ()
    reply = outcome.reply or ""
    body: Content = evidence(reply, spans) if reply else tag("span", "(empty)", class_="muted")
    return tag("figure", tag("figcaption", "Replied"), tag("div", body, class_="text"))


def findings_list(findings: tuple[Finding, ...]) -> Html | None:
    """What flakestorm noticed by itself, the worst first; None without findings."""
    if not findings:
        return None
    ordered = sorted(findings, key=lambda finding: finding.severity.rank)
    return join(
        (
            tag("h2", "Also noticed", tag("span", f"{len(findings)}", class_="count")),
            tag("ul", *(_finding(finding) for finding in ordered), class_="findings"),
        )
    )


def _times(finding: Finding) -> str:
    count = finding.count or len(finding.trials)
    return f"{count:,} {'trial' if count == 1 else 'trials'}"


def _finding(finding: Finding) -> Html:
    links: list[Content] = []
    for trial in finding.trials[:5]:
        links += [" ", tag("a", trial[:8], href=view(trial=trial), class_="id")]
    return tag(
        "li",
        severity_tag(finding.severity),
        tag(
            "div",
            tag("strong", hostile(finding.title)),
            tag("p", hostile(finding.detail[:1500])) if finding.detail else None,
            tag("p", f"{finding.kind} · {_times(finding)}:", *links, class_="muted") if links else None,
            timeline(finding.calls, "Calls of the clearest trial"),
        ),
    )
