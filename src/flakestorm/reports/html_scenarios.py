"""What faults did: a row per scenario with its resilience, what fired, and how the agent took it."""

from __future__ import annotations

from flakestorm.model.run import FaultCount, Run, ScenarioRow
from flakestorm.reports.call_words import consequences
from flakestorm.reports.html_text import hostile
from flakestorm.reports.html_verdict import interval_picture, percent
from flakestorm.reports.markup import Content, Html, join, tag, view

HEADS = ("Scenario", "Kept its rules", "", "Trials", "Faults fired")
EXPLAINED = (
    "Passed of judged trials in which a fault fired, with the 95 % interval. A trial in which none fired "
    "proves nothing and is counted apart."
)


def scenarios_section(run: Run) -> Html | None:
    """The scenarios, weakest first; None where nothing but prompts was disturbed."""
    if not run.by_scenario:
        return None
    table = tag(
        "table",
        tag("caption", "Scenarios, the weakest first", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in HEADS))),
        tag("tbody", *(_row(row) for row in run.by_scenario)),
        class_="scenarios",
    )
    return tag(
        "section",
        tag("h2", "Under faults", tag("span", f"{len(run.by_scenario)}", class_="count")),
        tag("p", EXPLAINED, class_="muted"),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Scenarios"),
        id="scenarios",
    )


def _row(row: ScenarioRow) -> Html:
    rate = row.rate
    why = "nothing fired" if row.unfired == row.totals.trials else "nothing judged"
    sure: Content = tag("span", why, class_="tag")
    if rate is not None:
        doubt = tag("span", f" {percent(rate.low)[:-2]}–{percent(rate.high)}", class_="muted")
        sure = join((tag("strong", percent(rate.value)), doubt))
    return tag(
        "tr",
        tag(
            "th",
            tag("a", hostile(row.name[:120]), href=view(scenario=row.name)),
            _consequences(row),
            scope="row",
        ),
        tag("td", interval_picture(rate) if rate else None, class_="picture"),
        tag("td", sure, class_="number"),
        tag("td", _trials(row)),
        tag("td", _faults(row)),
    )


def _consequences(row: ScenarioRow) -> Html | None:
    pairs = [join((tag("dt", name), tag("dd", text))) for name, text in consequences(row)]
    return tag("dl", *pairs, class_="facts") if pairs else None


def _trials(row: ScenarioRow) -> Html:
    totals = row.totals
    parts = [
        ("passed", totals.passed),
        ("failed", totals.failed),
        ("errored", totals.errored),
        ("skipped", totals.skipped),
        ("inconclusive", totals.inconclusive - row.unfired),
    ]
    links: list[Content] = [
        tag("li", tag("a", f"{count:,} {status}", href=view(scenario=row.name, status=status)))
        for status, count in parts
        if count > 0
    ]
    if row.unfired:
        links.append(tag("li", f"{row.unfired:,} without any fault"))
    return tag("ul", *links)


def _faults(row: ScenarioRow) -> Html:
    if not row.faults:
        return tag("span", "no call matched", class_="muted")
    return tag("ul", *map(_fault, row.faults))


def _fault(fault: FaultCount) -> Html:
    why = tag("div", "else: ", hostile(fault.why[:200]), class_="muted") if fault.why else None
    count = f" in {fault.fired:,} of {fault.matched:,} calls"
    return tag("li", tag("code", hostile(fault.name[:80])), count, why)
