"""The reliability surface R(k, ε, λ): its grid, the names of its points, and what was measured there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flakestorm.model.trial import NO_CHAOS

if TYPE_CHECKING:
    from flakestorm.model.measures import PassHat

DIGITS = 3
"""So many digits of ε and λ are told apart."""

_NAME = re.compile(r"(?:ε=(?P<intensity>[01](?:\.\d+)?))?(?: ?λ=(?P<rate>[01](?:\.\d+)?))?")


@dataclass(frozen=True, slots=True, order=True)
class GridPoint:
    """Mutation intensity ε and fault rate λ, both 0–1. Its name is the scenario of its trials."""

    intensity: float
    rate: float

    @property
    def name(self) -> str:
        """``ε=0.4 λ=0.1``; what is 0 is left out, and where both are, it is the control arm's scenario."""
        parts = [
            f"{sign}={value:.{DIGITS}g}" for sign, value in (("ε", self.intensity), ("λ", self.rate)) if value
        ]
        return " ".join(parts) or NO_CHAOS


def point_of(scenario: str) -> GridPoint | None:
    """The point of that name; None for any other scenario, the control arm's too."""
    if not scenario.startswith(("ε=", "λ=")):
        return None
    found = _NAME.fullmatch(scenario)
    return GridPoint(float(found["intensity"] or 0), float(found["rate"] or 0)) if found else None


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the surface is measured: ``ks`` consecutive passes, ``intensities`` ε and ``rates`` λ.

    Each golden prompt has ``repeats`` trials at each point. ``threshold`` (0–1) is what R is held against.
    """

    ks: tuple[int, ...]
    intensities: tuple[float, ...]
    rates: tuple[float, ...]
    repeats: int
    threshold: float

    @property
    def points(self) -> tuple[GridPoint, ...]:
        """All points, row by row of λ."""
        return tuple(GridPoint(one, rate) for rate in self.rates for one in self.intensities)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Grid:
        """What ``asdict`` described."""
        lists = {key: tuple(data[key]) for key in ("ks", "intensities", "rates")}
        return cls(**lists, repeats=data["repeats"], threshold=data["threshold"])


@dataclass(frozen=True, slots=True)
class SurfaceCell:
    """One point of the grid. Counts are trials; in ``fired`` of them a fault fired.

    ``judged`` includes ``errors``: the agent gave no reply, which is no pass. ``reliability`` has R for those
    k for which each golden prompt has enough judged trials.
    """

    intensity: float
    rate: float
    trials: int
    passed: int
    judged: int
    errors: int
    fired: int
    reliability: tuple[PassHat, ...] = ()

    @property
    def scenario(self) -> str:
        """That of its trials."""
        return GridPoint(self.intensity, self.rate).name

    def value(self, k: int) -> float | None:
        """R at ``k``, where it is known."""
        return next((found.score.value for found in self.reliability if found.k == k), None)


@dataclass(frozen=True, slots=True)
class SurfaceSummary:
    """The surface of one ``k``. ``volume`` is its mean height (0–1), None where a point is not known.

    ``breaks_at`` has for each ε the smallest λ of the grid at which R is below the threshold, or None.
    """

    k: int
    volume: float | None
    breaks_at: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class Surface:
    """All points, and what they come to."""

    grid: Grid
    cells: tuple[SurfaceCell, ...]
    summaries: tuple[SurfaceSummary, ...]

    def cell(self, intensity: float, rate: float) -> SurfaceCell:
        """The cell of a point of the grid. Raises ``StopIteration`` for any other."""
        return next(c for c in self.cells if (c.intensity, c.rate) == (intensity, rate))
