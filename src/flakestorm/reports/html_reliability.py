"""The reliability surface as a picture for each k, with a table that says the same in numbers."""

from __future__ import annotations

from math import cos, pi, sin

from flakestorm.model.reliability import Surface, SurfaceCell, SurfaceSummary
from flakestorm.model.run import Run
from flakestorm.reports.html_verdict import percent
from flakestorm.reports.markup import Content, Html, tag, view
from flakestorm.reports.terminal_reliability import told

SIDE, TALL = 100.0, 90.0
"""Length of the floor's sides and of its posts, in the picture's own units."""
LEFT, TOP = 125.0, 105.0
"""Where the floor's far corner lies."""
ACROSS, DOWN = cos(pi / 6), sin(pi / 6)
STEPS = 6
EXPLAINED = (
    "R(k, ε, λ) is how likely k trials of a golden prompt all pass when prompts are mutated with intensity "
    "ε and each call that a fault is for is disturbed with probability λ. The volume is the mean height, and "
    "1 is an agent that nothing disturbs. A cell opens its trials."
)


def reliability_section(run: Run) -> Html | None:
    """Pictures and tables; None for a run that measured no surface."""
    surface = run.surface
    if surface is None:
        return None
    errors = sum(cell.errors for cell in surface.cells)
    note = f" {errors:,} trials without a reply count as not passed." if errors else ""
    return tag(
        "section",
        tag("h2", "Reliability surface"),
        tag("p", f"{EXPLAINED}{note}", class_="muted"),
        *(_figure(surface, summary) for summary in surface.summaries),
        id="reliability",
    )


def _figure(surface: Surface, summary: SurfaceSummary) -> Html:
    return tag(
        "figure",
        tag("figcaption", tag("strong", f"k = {summary.k}"), f": {told(surface, summary)}"),
        tag("div", _picture(surface, summary.k), _table(surface, summary.k), class_="surface-grid"),
        class_="surface",
    )


def _table(surface: Surface, k: int) -> Html:
    grid = surface.grid
    heads = [tag("th", f"ε = {intensity:g}", scope="col") for intensity in grid.intensities]
    rows = [
        tag(
            "tr",
            tag("th", f"λ = {rate:g}", scope="row"),
            *(_cell(surface.cell(intensity, rate), k) for intensity in grid.intensities),
        )
        for rate in grid.rates
    ]
    table = tag(
        "table",
        tag("caption", f"R at k = {k}, by fault rate and mutation intensity", class_="unseen"),
        tag("thead", tag("tr", tag("th", f"k = {k}", scope="col"), *heads)),
        tag("tbody", *rows),
        class_="heatmap",
    )
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=f"R at k = {k}")


def _cell(cell: SurfaceCell, k: int) -> Html:
    score = next((found.score for found in cell.reliability if found.k == k), None)
    where = f"ε {cell.intensity:g}, λ {cell.rate:g}"
    at = {"scenario": cell.scenario} if cell.intensity or cell.rate else {"type": "none"}
    fired = f", faults fired in {cell.fired} of {cell.trials} trials" if cell.rate else ""
    if score is None:
        link = tag("a", "–", href=view(**at), aria_label=f"{where}: not known{fired}")
        return tag("td", link, class_="shade-none")
    bounds = f"{100 * score.low:.0f}–{100 * score.high:.0f}"
    said = f"{where}: {percent(score.value)}, interval {bounds} %, {score.judged} judged{fired}"
    link = tag("a", f"{score.value:.2f}", tag("small", bounds), href=view(**at), aria_label=said)
    return tag("td", link, class_=f"shade-{_shade(score.value)}", title=said)


def _shade(height: float) -> int:
    """0 for a perfect height, ``STEPS`` for none at all."""
    return 0 if height >= 1 else min(STEPS, 1 + int((STEPS - 1) * (1 - height)))


def _picture(surface: Surface, k: int) -> Html:
    """The surface seen from a corner: ε to the right, λ to the left, R upwards."""
    grid = surface.grid
    heights = [[surface.cell(one, rate).value(k) for one in grid.intensities] for rate in grid.rates]
    places = [
        [(_along(grid.intensities, i), _along(grid.rates, j)) for i in range(len(grid.intensities))]
        for j in range(len(grid.rates))
    ]
    shapes: list[Content] = [_outline(0.0), _outline(1.0)]
    # What lies further back is drawn first.
    corners = [(i, j) for j in range(len(grid.rates) - 1) for i in range(len(grid.intensities) - 1)]
    for i, j in sorted(corners, key=sum):
        around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        known = [height for a, b in around if (height := heights[b][a]) is not None]
        if len(known) == len(around):
            points = " ".join(_at(*places[b][a], heights[b][a] or 0.0) for a, b in around)
            shapes.append(tag("polygon", points=points, class_=f"face shade-{_shade(sum(known) / 4)}"))
    for row, line in zip(places, heights, strict=True):
        shapes += [
            shape for (x, y), z in zip(row, line, strict=True) if z is not None for shape in _post(x, y, z)
        ]
    return tag(
        "svg",
        *shapes,
        *_labels(surface),
        viewBox="0 0 250 230",
        class_="surface-picture",
        role="img",
        aria_label=f"Reliability surface for k = {k}; the table beside it has its numbers",
    )


def _along(values: tuple[float, ...], place: int) -> float:
    """Where a value of the grid lies between its ends (0–1)."""
    extent = values[-1] - values[0]
    return (values[place] - values[0]) / extent if extent else 0.0


def _project(x: float, y: float, z: float) -> tuple[float, float]:
    return LEFT + (x - y) * SIDE * ACROSS, TOP + (x + y) * SIDE * DOWN - z * TALL


def _at(x: float, y: float, z: float) -> str:
    across, down = _project(x, y, z)
    return f"{across:.1f},{down:.1f}"


def _outline(z: float) -> Html:
    """The square of all points at one height."""
    points = " ".join(_at(x, y, z) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
    return tag("polygon", points=points, class_="floor")


def _post(x: float, y: float, z: float) -> tuple[Html, Html]:
    (left, top), (_, floor) = _project(x, y, z), _project(x, y, 0.0)
    line = tag("line", x1=f"{left:.1f}", y1=f"{floor:.1f}", x2=f"{left:.1f}", y2=f"{top:.1f}", class_="post")
    return line, tag("circle", cx=f"{left:.1f}", cy=f"{top:.1f}", r="2.2", class_="point")


def _labels(surface: Surface) -> list[Content]:
    grid = surface.grid
    words = [
        (f"ε={grid.intensities[-1]:g}", (1.0, 0.0), "end"),
        (f"λ={grid.rates[-1]:g}", (0.0, 1.0), "start"),
    ]
    labels: list[Content] = []
    for word, (x, y), anchor in words:
        left, top = _project(x, y, 0.0)
        labels.append(tag("text", word, x=f"{left:.0f}", y=f"{top + 14:.0f}", text_anchor=anchor))
    left, top = _project(1.0, 1.0, 0.0)
    labels.append(
        tag("text", "R from 0 to 1 upwards", x=f"{left:.0f}", y=f"{top + 16:.0f}", text_anchor="middle")
    )
    return labels
