"""How it was measured: everything that somebody needs to repeat the run, or to doubt it."""

from __future__ import annotations

from flakestorm.model.run import PromptRow, Run
from flakestorm.reports.html_text import hostile
from flakestorm.reports.html_verdict import facts, percent
from flakestorm.reports.markup import Html, tag


def measured_section(run: Run) -> Html:
    """Configuration, seed, version, control arm, flaky prompts, and what was skipped and why."""
    info = run.info
    control_trials = sum(row.control.trials for row in run.by_prompt)
    control_passed = sum(row.control.passed for row in run.by_prompt)
    control = f"{control_passed:,} of {control_trials:,} undisturbed trials passed" if control_trials else ""
    rows = facts(
        [
            ("Agent", hostile(info.target)),
            ("Run", tag("code", info.id)),
            ("Status", _status(run)),
            ("Started", info.started_at),
            ("Took", duration(info.seconds)),
            ("Trials", f"{run.totals.trials:,} of {info.planned:,} planned"),
            ("Control arm", control),
            (
                "Strategy",
                f"{info.strategy}, {info.budget:,} calls" if info.budget else info.strategy,
            ),
            ("Concurrency", str(info.concurrency)),
            ("Seed", str(info.seed)),
            ("Configuration", tag("bdi", info.config_path)),
            ("Configuration digest", tag("code", info.config_digest)),
            ("flakestorm", info.version),
        ]
    )
    notes = tag("ul", *(tag("li", hostile(note)) for note in info.notes)) if info.notes else None
    return tag(
        "section",
        tag("h2", "How it was measured"),
        rows,
        notes,
        _flaky(run.by_prompt),
        tag("p", METHOD, class_="muted method"),
        id="measured",
    )


METHOD = (
    "A rate is passed ÷ judged trials, weighted by mutation type; errored, inconclusive and skipped trials "
    "are not judged and never raise it. Its 95 % interval treats the trials of one golden prompt as "
    "related. What also fails undisturbed is flakiness and is told apart."
)


def duration(seconds: float) -> str:
    """``0.8 s``, ``42 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _status(run: Run) -> str:
    return f"{run.info.status}: {run.info.stop_reason}" if run.info.stop_reason else run.info.status


def _flaky(rows: tuple[PromptRow, ...]) -> Html | None:
    """The prompts that fail without any disturbance, the flakiest first."""
    flaky = sorted((row for row in rows if row.flakiness > 0 or row.broken), key=lambda row: -row.flakiness)
    if not flaky:
        return None
    heads = ("Flaky golden prompts", "Undisturbed", "Fails", "Beyond flakiness", "Set aside")
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    body = [
        tag(
            "tr",
            tag("th", hostile(row.label[:120]), scope="row"),
            tag("td", f"{row.control.passed}/{row.control.passed + row.control.failed}"),
            tag("td", percent(row.flakiness)),
            tag("td", f"{row.beyond_flakiness:.1f} of {row.disturbed.failed}"),
            tag("td", ", ".join(row.broken) or "–"),
        )
        for row in flaky[:40]
    ]
    return tag("table", head, tag("tbody", *body), class_="plain")
