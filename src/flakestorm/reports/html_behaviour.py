"""How it behaves: the latency of disturbed trials against the control arm, and the calls it makes."""

from __future__ import annotations

from flakestorm.model.run import Latency, Run
from flakestorm.reports.html_data import CallCount
from flakestorm.reports.html_time import milliseconds
from flakestorm.reports.markup import Content, Html, join, tag
from flakestorm.reports.measure_words import measure_rows

WIDTH, HEIGHT, BASE = 720.0, 150.0, 130.0
"""The picture in its own units; ``BASE`` is where the bars stand."""
Buckets = tuple[tuple[float, int], ...]


def behaviour_section(run: Run, calls: CallCount) -> Html | None:
    """Latency and calls, or None when the run has neither."""
    arms = [("undisturbed", run.control_latency), ("disturbed", run.disturbed_latency)]
    known = [(name, latency) for name, latency in arms if latency is not None]
    if not known and not calls.any and not run.measures.any:
        return None
    latency_part = join((_latency_picture(known), _latency_table(known))) if known else None
    return tag(
        "section", tag("h2", "How it behaves"), latency_part, _calls(calls), _measures(run), id="behaviour"
    )


def _measures(run: Run) -> Html | None:
    """Repeatability, robustness ratios, obedience and over-refusal, as far as they are known."""
    rows = [
        tag(
            "tr",
            tag("th", name.capitalize(), scope="row"),
            tag("td", figures),
            tag("td", meaning, class_="muted"),
        )
        for name, figures, meaning in measure_rows(run.measures)
    ]
    if not rows:
        return None
    heads = ("Beside the scores", "With 95 % intervals", "What it is")
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    return tag("table", head, tag("tbody", *rows), class_="plain")


def _latency_table(known: list[tuple[str, Latency]]) -> Html:
    heads = ("Latency", "Replies", "Median", "95 %", "99 %", "Slowest")
    rows = [
        tag(
            "tr",
            tag("th", tag("span", class_=f"key {name}", aria_hidden="true"), name.capitalize(), scope="row"),
            tag("td", f"{latency.count:,}"),
            *(
                tag("td", milliseconds(value))
                for value in (latency.p50, latency.p95, latency.p99, latency.slowest)
            ),
        )
        for name, latency in known
    ]
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    return tag("table", head, tag("tbody", *rows), class_="plain")


def _latency_picture(known: list[tuple[str, Latency]]) -> Html | None:
    """Both histograms over one axis; heights are shares of the arm, so that few trials compare with many."""
    bounds = sorted({bound for _, latency in known for bound, _ in latency.buckets})
    if not bounds:
        return None
    shares = {name: _shares(latency.buckets, bounds) for name, latency in known}
    top = max(max(values) for values in shares.values()) or 1
    shapes: list[Content] = [tag("line", x1="0", y1=BASE, x2=WIDTH, y2=BASE, class_="axis")]
    if "disturbed" in shares:
        shapes += _bars(shares["disturbed"], top)
    if "undisturbed" in shares:
        shapes.append(_steps(shares["undisturbed"], top))
    said = "; ".join(f"{name}: median {milliseconds(latency.p50)}" for name, latency in known)
    return tag(
        "svg",
        *shapes,
        *_ticks(bounds),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        class_="histogram",
        role="img",
        aria_label=f"Distribution of latency. {said}",
    )


def _shares(buckets: Buckets, bounds: list[float]) -> list[float]:
    counts = dict(buckets)
    total = sum(counts.values()) or 1
    return [counts.get(bound, 0) / total for bound in bounds]


def _bars(shares: list[float], top: float) -> list[Content]:
    step = WIDTH / len(shares)
    bars: list[Content] = []
    for place, share in enumerate(shares):
        height = (BASE - 10) * share / top
        if share:
            x, width = place * step + 1, max(step - 2, 1)
            y = BASE - height
            bars.append(
                tag(
                    "rect",
                    x=f"{x:.1f}",
                    y=f"{y:.1f}",
                    width=f"{width:.1f}",
                    height=f"{height:.1f}",
                    class_="bar",
                )
            )
    return bars


def _steps(shares: list[float], top: float) -> Html:
    step = WIDTH / len(shares)
    points = [f"0,{BASE:.1f}"]
    for place, share in enumerate(shares):
        y = BASE - (BASE - 10) * share / top
        points += [f"{place * step:.1f},{y:.1f}", f"{(place + 1) * step:.1f},{y:.1f}"]
    points.append(f"{WIDTH:.1f},{BASE:.1f}")
    return tag("polyline", points=" ".join(points), class_="outline")


def _ticks(bounds: list[float]) -> list[Content]:
    """Labels below every few bucket borders, at most eight."""
    step = WIDTH / len(bounds)
    every = max(1, -(-len(bounds) // 8))
    labels: list[Content] = []
    for place in range(every - 1, len(bounds), every):
        x = (place + 1) * step
        anchor = "end" if x > WIDTH - 30 else "middle"
        labels.append(
            tag("text", milliseconds(bounds[place]), x=f"{x:.1f}", y=f"{HEIGHT - 4:.0f}", text_anchor=anchor)
        )
    return labels


def _calls(calls: CallCount) -> Html | None:
    """LLM and tool calls per trial: more of them under disturbance is amplification."""
    if not calls.any:
        return None
    rows = []
    for kind in sorted(calls.kinds):
        control, disturbed = calls.per_trial(kind, control=True), calls.per_trial(kind, control=False)
        ratio = f"{disturbed / control:.2f}×" if control and disturbed is not None else "–"
        rows.append(
            tag(
                "tr",
                tag("th", f"{kind} calls per trial", scope="row"),
                tag("td", "–" if control is None else f"{control:.2f}"),
                tag("td", "–" if disturbed is None else f"{disturbed:.2f}"),
                tag("td", ratio),
                tag("td", f"{calls.fired.get(kind, 0):,}"),
            )
        )
    heads = ("Calls", "Undisturbed", "Disturbed", "Amplification", "Faults fired")
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    return tag("table", head, tag("tbody", *rows), class_="plain")
