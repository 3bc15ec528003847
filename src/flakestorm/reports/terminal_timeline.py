"""The calls of a trial over time, in a few lines of a terminal."""

from __future__ import annotations

from flakestorm.model.outcome import Call
from flakestorm.reports.call_words import result
from flakestorm.reports.visible import visible

TRACK = 20
"""Columns that stand for the whole time."""
SHOWN = 6
"""Lines of one timeline; of more calls the first and the last are shown."""
NAME = 18


def timeline(calls: tuple[Call, ...]) -> list[str]:
    """One line per call: when, how long as a bar, what was called, and what came of it."""
    if not calls:
        return []
    end = max(call.started_ms + call.duration_ms for call in calls) or 1.0
    lines = [_line(call, end) for call in calls]
    if len(lines) > SHOWN:
        head = SHOWN - 2
        lines[head:-1] = [f"{'':>7} {'⋮':^{TRACK}} {len(calls) - head - 1} more calls"]
    return lines


def _line(call: Call, end: float) -> str:
    start = min(TRACK - 1, int(TRACK * call.started_ms / end))
    length = max(1, min(TRACK - start, round(TRACK * call.duration_ms / end)))
    # A fault is told by the shape of the bar too: colours do not survive a pipe.
    bar = ("▒" if call.fired else "█") * length
    track = f"{'·' * start}{bar}".ljust(TRACK, "·")
    name = visible(f"{call.kind} {call.name}", NAME)
    return f"{call.started_ms / 1000:>5.2f} s {track} {name:<{NAME}} {visible(result(call), 60)}".rstrip()
