"""The frame of the table of all trials and of the drawer; the page's script fills both."""

from __future__ import annotations

from flakestorm.model.run import Run
from flakestorm.reports.html_verdict import SIGNS, STATUSES
from flakestorm.reports.markup import Content, Html, join, tag

COLUMNS = (
    ("status", "Status"),
    ("sent", "Sent"),
    ("type", "Mutation"),
    ("broke", "Broke"),
    ("latency", "Latency"),
)


def trials_section(run: Run) -> Html:
    """Search, filters, an empty table of ``run.totals.trials`` rows."""
    heads = [
        tag("th", tag("button", name, type="button", data_sort=key), scope="col", class_=f"col-{key}")
        for key, name in COLUMNS
    ]
    table = tag(
        "table",
        tag("caption", "All trials", class_="unseen"),
        tag("thead", tag("tr", *heads)),
        tag("tbody"),
        id="trial-table",
        aria_describedby="found",
    )
    without_script = tag(
        "noscript", tag("p", "The table of trials needs JavaScript; the rest of this page does not.")
    )
    return tag(
        "section",
        tag("h2", "All trials", tag("span", f"{run.totals.trials:,}", class_="count")),
        without_script,
        tag("form", *_filters(run), id="filters", role="search", aria_label="Filter trials"),
        tag("p", id="found", role="status", class_="muted"),
        tag("div", table, class_="scroll rows", id="rows"),
        tag("p", *_keys(), class_="muted keys"),
        id="trials",
    )


def drawer() -> Html:
    """Where everything about one trial is shown."""
    return tag("dialog", id="drawer", aria_labelledby="drawer-title", tabindex="-1")


def _filters(run: Run) -> list[Content]:
    search = tag(
        "input",
        type="search",
        name="q",
        id="search",
        placeholder="Search prompts, replies, rules, ids",
        aria_label="Search trials",
        autocomplete="off",
        spellcheck="false",
    )
    statuses = [
        tag(
            "button",
            tag("span", SIGNS[status], class_=f"sign {status}", aria_hidden="true"),
            status,
            type="button",
            data_status=status,
            aria_pressed="false",
        )
        for status in STATUSES
    ]
    selects = [
        _select("prompt", "Golden prompt"),
        _select("type", "Mutation"),
        _select("scenario", "Scenario"),
    ]
    # Which rules judged a trial is a question for contracts, where each has prompts and scenarios of its own.
    selects.append(_select("rule", "Judged by", hidden=run.contract is None))
    selects.append(_select("cause", "Broke"))
    clear = tag("button", "Clear", type="reset", class_="quiet")
    return [
        search,
        tag("div", *statuses, role="group", aria_label="Status", class_="choices"),
        *selects,
        clear,
    ]


def _select(name: str, label: str, hidden: bool = False) -> Html:
    every = tag("option", f"{label}: all", value="")
    return tag("select", every, name=name, aria_label=label, data_label=label, hidden=hidden)


def _keys() -> list[Content]:
    keys = (("j", "next"), ("k", "previous"), ("Enter", "open"), ("/", "search"), ("Esc", "close"))
    return [join((tag("kbd", key), f" {what} ")) for key, what in keys]
