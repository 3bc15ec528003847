"""The map of the fault space in words and marks, the same in every report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from flakestorm.model.fault_map import FailingSet, FaultCell, FaultGroup, FaultMap, PointState

MARKS = {
    PointState.FAILED: "✗",
    PointState.DEGRADED: "~",
    PointState.SURVIVED: "✓",
    PointState.UNJUDGED: "?",
    PointState.UNFIRED: "–",
}
"""Each state as a mark that needs no colour."""

LEGEND = {
    PointState.FAILED: "failed",
    PointState.DEGRADED: "degraded",
    PointState.SURVIVED: "survived",
    PointState.UNJUDGED: "not judged",
    PointState.UNFIRED: "did not fire",
}


def calls_of(found: FaultMap) -> list[str]:
    """The calls of the map in its order."""
    return list(dict.fromkeys(cell.call for cell in found.cells))


def families_of(cells: Iterable[FaultCell]) -> list[str]:
    """The families of faults in the order of the catalogue, as far as the cells show it."""
    return list(dict.fromkeys(cell.family for cell in cells))


def tallied(cells: Iterable[FaultCell]) -> dict[PointState, int]:
    """How many of the cells have each state, the worst first; states that none has are left out."""
    counts = Counter(cell.state for cell in cells)
    return {state: counts[state] for state in PointState if counts[state]}


def told(one: FailingSet) -> str:
    """``3 of 3 trials``, and whether that is flaky."""
    noun = "trial" if one.tries == 1 else "trials"
    return f"{one.failed} of {one.tries} {noun}" + (", flaky" if one.is_flaky else "")


def points_of(group: FaultGroup, most: int) -> list[str]:
    """The first of its faults by name, and how many more there are."""
    shown = list(group.scenarios[:most])
    if len(group.scenarios) > most:
        shown.append(f"… and {len(group.scenarios) - most} more")
    return shown
