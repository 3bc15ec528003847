"""The reliability surface R(k, ε, λ): pass^k at each mutation intensity ε and fault rate λ of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from flakestorm.model.outcome import AGENT_FAULTS
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.reliability import Grid, GridPoint, Surface, SurfaceCell, SurfaceSummary, point_of
from flakestorm.scoring.intervals import Interval, clustered
from flakestorm.scoring.pass_hat_k import Count, pass_hats


class SurfaceTally:
    """Streams the trials of a grid; the control arm is its point 0, 0."""

    def __init__(self, grid: Grid, interval: Interval = clustered) -> None:
        self._grid = grid
        self._interval = interval
        self._cells = {point: _Cell() for point in grid.points}

    def add(self, record: TrialRecord) -> None:
        """Count one trial; one of no point of the grid is left out."""
        trial = record.trial
        point = GridPoint(0.0, 0.0) if trial.is_control else point_of(trial.scenario)
        cell = None if point is None else self._cells.get(point)
        # More undisturbed trials than the grid asks for would make its first point another measurement.
        if cell is not None and (not trial.is_control or trial.repeat < self._grid.repeats):
            cell.add(record)

    def surface(self) -> Surface:
        """What is known by now."""
        cells = tuple(
            cell.result(point, self._grid.ks, self._interval) for point, cell in self._cells.items()
        )
        return Surface(self._grid, cells, tuple(_summary(self._grid, cells, k) for k in self._grid.ks))


class _Cell:
    """One point while it is counted."""

    def __init__(self) -> None:
        self.counts: dict[str, Count] = {}
        self.trials = self.errors = self.fired = 0

    def add(self, record: TrialRecord) -> None:
        self.trials += 1
        self.fired += bool(record.outcome.faults_fired)
        error = record.outcome.error
        # Whoever gives no reply under faults is not reliable under faults.
        silent = record.status is TrialStatus.ERRORED and error is not None and error.kind in AGENT_FAULTS
        self.errors += silent
        if silent or record.status in (TrialStatus.PASSED, TrialStatus.FAILED):
            passed, judged = self.counts.get(record.trial.prompt.id, (0, 0))
            self.counts[record.trial.prompt.id] = passed + (record.status is TrialStatus.PASSED), judged + 1

    def result(self, point: GridPoint, ks: Sequence[int], interval: Interval) -> SurfaceCell:
        counts = [self.counts[prompt] for prompt in sorted(self.counts)]
        return SurfaceCell(
            intensity=point.intensity,
            rate=point.rate,
            trials=self.trials,
            passed=sum(passed for passed, _ in counts),
            judged=sum(judged for _, judged in counts),
            errors=self.errors,
            fired=self.fired,
            reliability=pass_hats(counts, ks, interval),
        )


def _summary(grid: Grid, cells: Sequence[SurfaceCell], k: int) -> SurfaceSummary:
    heights = {(cell.intensity, cell.rate): cell.value(k) for cell in cells}
    rows = [[heights[one, rate] for one in grid.intensities] for rate in grid.rates]
    breaks = tuple(
        (one, breaking_rate([(rate, heights[one, rate]) for rate in grid.rates], grid.threshold))
        for one in grid.intensities
    )
    return SurfaceSummary(k, volume(grid.intensities, grid.rates, rows), breaks)


def breaking_rate(heights: Sequence[tuple[float, float | None]], threshold: float) -> float | None:
    """The smallest λ of (λ, R) at which R is known to be below ``threshold``."""
    return min((rate for rate, height in heights if height is not None and height < threshold), default=None)


def volume(
    intensities: Sequence[float], rates: Sequence[float], rows: Sequence[Sequence[float | None]]
) -> float | None:
    """The volume below the surface ÷ the area of the grid, by trapezes: 1 is a perfect agent.

    ``rows`` has R for each λ and in it for each ε, both rising. None where a height is not known. A grid of a
    single ε or λ has no extent in that direction; its mean height is taken along the other.
    """
    known = [[height for height in row if height is not None] for row in rows]
    if not known or any(len(row) != len(intensities) for row in known):
        return None
    return _mean_height(rates, [_mean_height(intensities, row) for row in known])


def _mean_height(at: Sequence[float], heights: Sequence[float]) -> float:
    if len(at) == 1:
        return heights[0]
    area = sum(
        (right - left) * (first + second) / 2
        for left, right, first, second in zip(at, at[1:], heights, heights[1:], strict=False)
    )
    return area / (at[-1] - at[0])
