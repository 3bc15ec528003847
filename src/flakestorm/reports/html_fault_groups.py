"""What breaks an explored agent: the smallest sets of faults that do, gathered by behaviour."""

from __future__ import annotations

from flakestorm.model.fault_map import FailingSet, FaultGroup, PointState
from flakestorm.model.run import Run
from flakestorm.reports.fault_map_words import told
from flakestorm.reports.html_causes import findings_list, severity_tag
from flakestorm.reports.html_text import hostile
from flakestorm.reports.html_timeline import timeline
from flakestorm.reports.html_verdict import command
from flakestorm.reports.markup import Content, Html, tag, view
from flakestorm.reports.rerun import rerun

OPEN = 2
LISTED = 200
"""So many sets of a group are listed; the map has all single ones."""


def fault_groups_section(run: Run) -> Html:
    """One article for each behaviour and family of faults, failures first; then what else was noticed."""
    groups = run.fault_map.groups if run.fault_map is not None else ()
    sets = {" + ".join(one.points): one for one in (run.fault_map.failing if run.fault_map else ())}
    shown: list[Content] = [
        _group(group, sets, rerun(run.info), is_open=place < OPEN) for place, group in enumerate(groups)
    ]
    if not groups:
        shown = [tag("p", "Nothing broke.", class_="muted")]
    return tag(
        "section",
        tag("h2", "What breaks it", tag("span", f"{len(groups)}", class_="count")),
        *shown,
        findings_list(tuple(finding for finding in run.findings if not finding.calls)),
        id="causes",
    )


def _group(group: FaultGroup, sets: dict[str, FailingSet], again: str, is_open: bool) -> Html:
    count = len(group.scenarios)
    noun = "set of faults" if count == 1 else "sets of faults"
    survived = "" if group.state is PointState.FAILED else ", and keeps its rules"
    summary = tag(
        "summary",
        severity_tag(group.severity),
        tag("h3", hostile(group.title), f" under {group.family} faults{survived}"),
        tag("span", f"{count:,} {noun}", class_="times"),
    )
    names = [_set(name, sets.get(name)) for name in group.scenarios[:LISTED]]
    left_out = count - len(names)
    more = tag("p", f"… and {left_out:,} more", class_="muted") if left_out else None
    body = tag(
        "div",
        tag("p", hostile(group.detail[:600]), class_="because") if group.detail else None,
        timeline(group.calls, "Calls of the clearest trial"),
        command(f"{again} --only trial:{group.trials[0]}", "show this again"),
        tag("ul", *names, class_="rule"),
        more,
        tag("p", tag("a", "Open the clearest trial", href=view(trial=group.trials[0])), class_="links"),
        class_="cause-body",
    )
    return tag("details", summary, body, class_="cause", open=is_open)


def _set(name: str, one: FailingSet | None) -> Html:
    sure = f" · {told(one)}" if one is not None and one.tries > 1 else ""
    return tag("li", tag("a", hostile(name[:300]), href=view(scenario=name)), sure)
