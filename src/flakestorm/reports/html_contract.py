"""The matrix of a contract: invariant × scenario, a cell opens its trials; in signs, numbers and colour."""

from __future__ import annotations

from flakestorm.model.contract import CellStatus, ContractCell, Promise
from flakestorm.model.run import Run
from flakestorm.reports.html_text import hostile
from flakestorm.reports.html_verdict import SIGNS, facts
from flakestorm.reports.markup import Content, Html, join, tag, view

STATUS_WORDS = {
    CellStatus.PASSED: "kept",
    CellStatus.FAILED: "broken",
    CellStatus.ERRORED: "errored",
    CellStatus.INCONCLUSIVE: "inconclusive",
    CellStatus.SKIPPED: "not for this scenario",
}
EXPLAINED = (
    "A cell is kept when every trial of it that could be judged passed, and broken by one that failed. The "
    "score weighs critical 3, high 2, medium and low 1. A cell opens its trials."
)
NOT_APART = "nothing; the agent may have remembered earlier trials"


def contract_section(run: Run) -> Html | None:
    """The matrix with its legend; None where no contract was run."""
    result = run.contract
    if result is None:
        return None
    terms = result.terms
    cells = {(cell.invariant, cell.scenario): cell for cell in result.cells}
    rows = [
        _row(promise, [cells[promise.name, scenario] for scenario in terms.scenarios])
        for promise in terms.promises
    ]
    heads = [
        tag(
            "th",
            tag("span", tag("a", hostile(name[:60]), href=view(scenario=name))),
            scope="col",
            class_="turned",
        )
        for name in terms.scenarios
    ]
    table = tag(
        "table",
        tag("caption", "How each invariant was kept in each scenario", class_="unseen"),
        tag("thead", tag("tr", tag("th", "Invariant", scope="col"), *heads)),
        tag("tbody", *rows),
        class_="heatmap contract",
    )
    return tag(
        "section",
        tag("h2", "Contract", tag("span", hostile(terms.name[:80]), class_="count")),
        tag("p", hostile(terms.description[:600]), class_="muted") if terms.description else None,
        tag("p", EXPLAINED, class_="muted"),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Contract matrix"),
        _legend(),
        facts([("Trials kept apart by", hostile(terms.fresh or NOT_APART))]),
        id="contract",
    )


def _row(promise: Promise, cells: list[ContractCell]) -> Html:
    severity = tag("span", promise.severity.value, class_=f"tag severity-{promise.severity.value}")
    marks: list[Content] = [severity]
    if promise.probes:
        noun = "probe" if promise.probes == 1 else "probes"
        marks.append(tag("span", f"{promise.probes} {noun}", class_="tag"))
    if promise.when != "always":
        marks.append(tag("span", promise.when.replace("_", " "), class_="tag"))
    name = tag("a", hostile(promise.name[:120]), href=view(rule=promise.name))
    title = promise.description[:300] or None
    return tag("tr", tag("th", name, *marks, scope="row", title=title), *map(_cell, cells))


def _cell(cell: ContractCell) -> Html:
    """A sign and the share of judged trials that passed, ``✕ 8/13``, with ``!2`` where trials errored."""
    said = f"{cell.invariant[:80]} in {cell.scenario[:80]}: {_in_words(cell)}"
    status = cell.status
    if status is CellStatus.SKIPPED:
        return tag("td", tag("span", said, class_="unseen"), class_="empty")
    judged = cell.passed + cell.failed
    sign = tag("span", SIGNS[status.value], aria_hidden="true")
    error = tag("span", f"!{cell.errored:,}", class_="error-mark") if cell.errored and judged else None
    number = f"{cell.passed:,}/{judged:,}" if judged else None
    link = view(scenario=cell.scenario, rule=cell.invariant)
    inside = tag("a", sign, number, error, href=link, aria_label=said)
    return tag("td", inside, class_=f"cell-{status.value}")


def _in_words(cell: ContractCell) -> str:
    counts = (
        ("passed", cell.passed),
        ("failed", cell.failed),
        ("errored", cell.errored),
        ("inconclusive", cell.inconclusive),
    )
    trials = ", ".join(f"{count:,} {word}" for word, count in counts if count)
    repeats = f"; held in {cell.held} of {cell.judged} repeats" if cell.judged > 1 else ""
    return STATUS_WORDS[cell.status] + (f" ({trials}{repeats})" if trials else "")


def _legend() -> Html:
    shown = (CellStatus.PASSED, CellStatus.FAILED, CellStatus.ERRORED, CellStatus.INCONCLUSIVE)
    items = [
        tag("li", tag("span", SIGNS[status.value], class_=f"sign {status.value}"), STATUS_WORDS[status])
        for status in shown
    ]
    return tag("ul", join(items), class_="legend muted signs", aria_hidden="true")
