"""Calls over time as a picture: one row per call, as wide as it took, faults marked by shape and words."""

from __future__ import annotations

from flakestorm.model.outcome import Call
from flakestorm.reports.call_words import result
from flakestorm.reports.hidden import plain
from flakestorm.reports.html_text import hostile
from flakestorm.reports.html_time import milliseconds
from flakestorm.reports.markup import Content, Html, tag

WIDTH, NAMES, TRACK, ROW = 720.0, 180.0, 300.0, 18.0
"""The picture in its own units: the names' column, the track's, and the height of a row."""
SHOWN = 30
NAME_LENGTH, RESULT_LENGTH = 26, 38


def timeline(calls: tuple[Call, ...], caption: str) -> Html | None:
    """A figure of the first calls, with the same as a list for those who do not see it."""
    if not calls:
        return None
    shown = calls[:SHOWN]
    end = max(call.started_ms + call.duration_ms for call in shown) or 1.0
    height = ROW * (len(shown) + 1)
    rows = [part for number, call in enumerate(shown) for part in _row(number, call, end)]
    picture = tag(
        "svg",
        *rows,
        *_axis(end, height),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        class_="timeline",
        role="img",
        aria_label=_said(shown, end),
    )
    left_out = len(calls) - len(shown)
    more = tag("span", f"{left_out:,} more calls are not shown", class_="muted") if left_out else None
    words = tag("ol", *(tag("li", hostile(_words(call))) for call in shown), class_="unseen")
    return tag("figure", tag("figcaption", caption, more), picture, words, class_="calls-over-time")


def _row(number: int, call: Call, end: float) -> list[Content]:
    top = ROW * number
    x = NAMES + TRACK * call.started_ms / end
    width = max(2.0, TRACK * call.duration_ms / end)
    text = f"{top + ROW - 5:.1f}"
    shapes: list[Content] = [
        tag("text", _cut(f"{call.kind} {call.name}", NAME_LENGTH), x="0", y=text),
        tag(
            "rect",
            x=f"{NAMES:.1f}",
            y=f"{top + 3:.1f}",
            width=f"{TRACK:.0f}",
            height=f"{ROW - 6:.0f}",
            class_="lane",
        ),
        tag(
            "rect",
            x=f"{x:.1f}",
            y=f"{top + 3:.1f}",
            width=f"{width:.1f}",
            height=f"{ROW - 6:.0f}",
            class_="call fired" if call.fired else "call",
        ),
    ]
    if call.fired:
        shapes.append(_cross(x, top + ROW / 2))
    shapes.append(tag("text", _cut(result(call), RESULT_LENGTH), x=f"{NAMES + TRACK + 10:.0f}", y=text))
    return shapes


def _cross(x: float, y: float) -> Html:
    """The mark of a fault: a cross where the call begins, for those who do not tell the colours apart."""
    size = 4.0
    path = f"M{x - size:.1f} {y - size:.1f}l{2 * size} {2 * size}m0 {-2 * size}l{-2 * size} {2 * size}"
    return tag("path", d=path, class_="fault-mark")


def _axis(end: float, height: float) -> list[Content]:
    ticks: list[Content] = []
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        x = f"{NAMES + share * TRACK:.1f}"
        label = milliseconds(share * end) if share else "0"
        ticks.append(tag("text", label, x=x, y=f"{height - 4:.1f}", text_anchor=anchor, class_="when"))
    return ticks


def _said(calls: tuple[Call, ...], end: float) -> str:
    hit = sum(bool(call.fired) for call in calls)
    noun = "call" if len(calls) == 1 else "calls"
    return (
        f"{len(calls)} {noun} in {milliseconds(end)}; faults fired in {hit} of them. The list below has each."
    )


def _words(call: Call) -> str:
    what = f"at {milliseconds(call.started_ms)}: {call.kind} {call.name}, {milliseconds(call.duration_ms)}"
    return f"{what}, {result(call)}" if result(call) else what


def _cut(text: str, length: int) -> str:
    one_line = plain(" ".join(text[: 4 * length].split()))
    return one_line if len(one_line) <= length else f"{one_line[: length - 1]}…"
