"""Where it breaks: golden prompt × mutation type, one linked cell each, in colour and in numbers."""

from __future__ import annotations

from flakestorm.model.composition import display_name
from flakestorm.model.run import Cell, PromptRow, Run, Totals, TypeRow
from flakestorm.reports.html_verdict import percent
from flakestorm.reports.markup import Content, Html, tag, view

ROWS = 60
"""So many prompts, the worst, are drawn: a larger table would delay the first paint."""
STEPS = 6
"""Shades from all passed (0) to all failed (6)."""


def heatmap_section(run: Run) -> Html:
    """A table with a row per golden prompt, a column per mutation type, and the control arm first."""
    types = [row.type for row in run.by_type]
    prompts = sorted(run.by_prompt, key=_worst_first)[:ROWS]
    cells = {(cell.prompt, cell.type): cell for cell in run.cells}
    rows = [_row(prompt, types, cells) for prompt in prompts]
    table = tag(
        "table",
        tag("caption", "Passed of judged trials, by golden prompt and mutation type", class_="unseen"),
        tag("thead", _head(types)),
        tag("tbody", *rows),
        tag("tfoot", _foot(run)) if types else None,
        class_="heatmap",
    )
    left_out = len(run.by_prompt) - len(prompts)
    note = f" The {ROWS} worst of {len(run.by_prompt)} golden prompts." if left_out else ""
    return tag(
        "section",
        tag("h2", "Where"),
        tag("p", f"Passed of judged trials; a cell opens its trials.{note}", class_="muted"),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Heat map"),
        _legend(),
        id="where",
    )


def _worst_first(row: PromptRow) -> float:
    return row.rate.value if row.rate else 2.0


def _head(types: list[str]) -> Html:
    heads = [tag("th", tag("span", display_name(type_)), scope="col", class_="turned") for type_ in types]
    undisturbed = tag("th", tag("span", "Undisturbed"), scope="col", class_="turned first")
    return tag("tr", tag("th", "Golden prompt", scope="col"), undisturbed, *heads)


def _row(prompt: PromptRow, types: list[str], cells: dict[tuple[str, str], Cell]) -> Html:
    control = _cell(
        prompt.control.passed,
        _judged(prompt.control),
        prompt.control.errored,
        view(prompt=prompt.id, type="none"),
        f"{prompt.label}, undisturbed",
        "first",
    )
    marks: list[Content] = []
    if prompt.flakiness > 0:
        marks.append(tag("span", f"flaky {percent(prompt.flakiness)}", class_="tag"))
    marks += [tag("span", f"broken rule {rule}", class_="tag") for rule in prompt.broken]
    label = tag("a", tag("bdi", prompt.label[:120]), href=view(prompt=prompt.id))
    shown = [_type_cell(prompt, type_, cells.get((prompt.id, type_))) for type_ in types]
    return tag("tr", tag("th", label, *marks, scope="row"), control, *shown)


def _type_cell(prompt: PromptRow, type_: str, cell: Cell | None) -> Html:
    if cell is None:
        return tag("td", tag("span", "no trials", class_="unseen"), class_="empty")
    link = view(prompt=prompt.id, type=type_)
    return _cell(cell.passed, cell.judged, cell.errored, link, f"{prompt.label}, {display_name(type_)}")


def _cell(passed: int, judged: int, errored: int, link: str, where: str, extra: str = "") -> Html:
    """``8/13`` on the shade of its share of failures, with ``!2`` where trials errored."""
    said = f"{where[:120]}: {passed} of {judged} passed, {errored} errored"
    if not judged and not errored:
        return tag("td", tag("span", "no trials", class_="unseen"), class_=f"empty {extra}".strip())
    shade = _shade(passed, judged)
    error = tag("span", f"!{errored}", class_="error-mark") if errored else None
    number: Content = f"{passed}/{judged}" if judged else "–"
    return tag("td", tag("a", number, error, href=link, aria_label=said), class_=f"{shade} {extra}".strip())


def _shade(passed: int, judged: int) -> str:
    """Any failure at all leaves shade 0, and any pass leaves the darkest."""
    if not judged:
        return "shade-none"
    failed = judged - passed
    if failed in (0, judged):
        return f"shade-{STEPS if failed else 0}"
    return f"shade-{min(STEPS - 1, 1 + int((STEPS - 1) * failed / judged))}"


def _judged(totals: Totals) -> int:
    return totals.passed + totals.failed


def _foot(run: Run) -> Html:
    control = [row.control for row in run.by_prompt]
    passed, judged = sum(c.passed for c in control), sum(_judged(c) for c in control)
    first = tag("td", f"{passed}/{judged}", class_="first") if judged else tag("td", class_="first")
    return tag("tr", tag("th", "All", scope="row"), first, *(_type_total(row) for row in run.by_type))


def _type_total(row: TypeRow) -> Html:
    if row.rate is None:
        return tag("td", "–")
    rate = row.rate
    said = f"{percent(rate.value)}, 95 % interval {percent(rate.low)} to {percent(rate.high)}"
    return tag("td", tag("strong", percent(rate.value)), title=said)


def _legend() -> Html:
    swatches = [tag("span", class_=f"swatch shade-{step}") for step in range(STEPS + 1)]
    return tag("p", "all passed", *swatches, "all failed", class_="legend muted", aria_hidden="true")
