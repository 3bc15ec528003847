"""What a reliability surface comes to, in sentences: the headline of its run, and what stays open."""

from __future__ import annotations

from flakestorm.model.reliability import Surface, SurfaceSummary
from flakestorm.model.run import Totals

SHOWN = 5


def surface_sentence(surface: Surface, control: Totals | None = None) -> str:
    """The volume for each k, and where the largest known one falls below the threshold."""
    known = [(one, one.volume) for one in surface.summaries if one.volume is not None]
    undisturbed = ""
    if control is not None and control.trials:
        undisturbed = f" Undisturbed it passed {control.passed} of {control.trials}."
    if not known:
        return f"Not all points of the reliability surface could be measured.{undisturbed}"
    volumes = ", ".join(f"{volume:.0%} for {_passes(one.k)}" for one, volume in known)
    return f"Mean reliability over the grid: {volumes}. {_breaks(surface, known[-1][0])}{undisturbed}"


def _passes(k: int) -> str:
    return "one pass" if k == 1 else f"{k} passes in a row"


def _breaks(surface: Surface, summary: SurfaceSummary) -> str:
    below = [(rate, one) for one, rate in summary.breaks_at if rate is not None]
    least = f"R({summary.k}, ε, λ) falls below {surface.grid.threshold:g}"
    if not below:
        return f"{least.replace('falls', 'never falls')} on it."
    rate, intensity = min(below)
    return f"{least} from λ={rate:g} on (at ε={intensity:g})."


def surface_gaps(surface: Surface) -> list[str]:
    """A sentence for each point that is not measured: too few judged trials, or faults that never fired."""
    gaps = []
    for cell in surface.cells:
        lacking = [k for k in surface.grid.ks if cell.value(k) is None]
        where = f"ε={cell.intensity:g}, λ={cell.rate:g}"
        if lacking:
            gaps.append(
                f"At {where} a golden prompt has too few judged trials for k={lacking[0]} "
                f"({cell.judged:,} of {cell.trials:,} trials were judged)."
            )
    for rate in filter(None, surface.grid.rates):
        cells = [cell for cell in surface.cells if cell.rate == rate]
        if not any(cell.fired for cell in cells):
            trials = sum(cell.trials for cell in cells)
            gaps.append(
                f"At λ={rate:g} no fault fired in any of {trials:,} trials, so nothing is proved about it."
            )
    more = [f"The same holds for {len(gaps) - SHOWN} more points."] if len(gaps) > SHOWN else []
    return gaps[:SHOWN] + more
