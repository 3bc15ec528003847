"""The map of the fault space as a table: a row for each fault, a column for each call, linked cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flakestorm.model.fault_map import FaultCell, PointState
from flakestorm.model.run import Run
from flakestorm.reports.fault_map_words import LEGEND, MARKS, calls_of, families_of
from flakestorm.reports.html_text import hostile
from flakestorm.reports.markup import Content, Html, join, tag, view

SHADES = {
    PointState.FAILED: "shade-6",
    PointState.DEGRADED: "shade-2",
    PointState.SURVIVED: "shade-0",
    PointState.UNJUDGED: "shade-none",
    PointState.UNFIRED: "empty",
}
EXPLAINED = (
    "Each fault was put at each call that the agent makes undisturbed, one at a time. A cell opens the trials"
    " with that fault; an empty one stands for a fault that does not apply to the call, or was not tried."
)
COLUMNS = 40
"""So many calls are drawn; whoever makes more sees the first of them here and all in the table of trials."""


def fault_map_section(run: Run) -> Html | None:
    """The table, or None for a run that explored nothing."""
    found = run.fault_map
    if found is None:
        return None
    calls = calls_of(found)[:COLUMNS]
    kinds = list(dict.fromkeys(call.partition(" ")[0] for call in calls))
    tables = [
        _table([call for call in calls if call.partition(" ")[0] == kind], found.cells) for kind in kinds
    ]
    pairs = f" Of {found.pairs:,} pairs of them {found.pairs_failed:,} made it fail." if found.pairs else ""
    return tag(
        "section",
        tag("h2", "Fault map", tag("span", f"{len(found.cells)}", class_="count")),
        tag("p", f"{EXPLAINED}{pairs}", class_="muted"),
        *tables,
        _legend(),
        id="map",
    )


def _table(calls: Sequence[str], cells: Sequence[FaultCell]) -> Html:
    """The calls of one kind: these have the same faults."""
    own = [cell for cell in cells if cell.call in calls]
    at = {(cell.call, cell.fault): cell for cell in own}
    head = tag(
        "tr",
        tag("th", "Fault", scope="col"),
        *(tag("th", tag("span", hostile(call[:60])), scope="col", class_="turned") for call in calls),
    )
    bodies = [_family(family, own, calls, at) for family in families_of(own)]
    caption = tag("caption", "What became of the agent, by fault and call", class_="unseen")
    table = tag("table", caption, tag("thead", head), *bodies, class_="heatmap")
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Fault map")


def _family(
    family: str,
    cells: Sequence[FaultCell],
    calls: Sequence[str],
    at: Mapping[tuple[str, str], FaultCell],
) -> Html:
    faults = dict.fromkeys(cell.fault for cell in cells if cell.family == family)
    title = tag("tr", tag("th", family, scope="rowgroup", colspan=str(len(calls) + 1), class_="muted"))
    rows = [
        tag(
            "tr",
            tag("th", tag("code", fault), scope="row"),
            *(_cell(at.get((call, fault))) for call in calls),
        )
        for fault in faults
    ]
    return tag("tbody", title, *rows)


def _cell(cell: FaultCell | None) -> Html:
    if cell is None:
        return tag("td", tag("span", "not tried", class_="unseen"), class_="empty")
    counts = [(LEGEND[state], getattr(cell, state.value)) for state in PointState]
    said = ", ".join(f"{count} {words}" for words, count in counts if count)
    several: Content = None
    if len(cell.trials) > 1:
        several = tag("small", f" {getattr(cell, cell.state.value)}/{len(cell.trials)}")
    link = tag(
        "a",
        MARKS[cell.state],
        several,
        href=view(scenario=cell.scenario),
        aria_label=f"{cell.scenario[:160]}: {said}",
    )
    return tag("td", link, class_=SHADES[cell.state])


def _legend() -> Html:
    parts = [f"{MARKS[state]} {words}" for state, words in LEGEND.items()]
    return tag("p", join(tag("span", f"{part}\u2003") for part in parts), class_="legend muted")
