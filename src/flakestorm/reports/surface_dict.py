"""The public JSON form of a reliability surface: its grid, its points, and what they come to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flakestorm.model.reliability import Grid, Surface, SurfaceCell, SurfaceSummary
from flakestorm.reports.measures_dict import pass_hats_of, pass_hats_schema, pass_hats_to_list
from flakestorm.reports.schema_words import (
    COUNT,
    SHARE,
    TEXT,
    JsonSchema,
    list_of,
    object_of,
    or_null,
)

COUNTS = ("trials", "passed", "judged", "errors", "fired")
KEYS = {"intensity": "epsilon", "rate": "lambda"}
"""How fields are called in JSON: as on the command line."""


def surface_to_dict(surface: Surface) -> dict[str, Any]:
    """Everything, with ``epsilon`` and ``lambda`` for intensity and rate."""
    grid = surface.grid
    return {
        "k": list(grid.ks),
        "epsilon": list(grid.intensities),
        "lambda": list(grid.rates),
        "repeats": grid.repeats,
        "threshold": grid.threshold,
        "points": [_cell_to_dict(cell) for cell in surface.cells],
        "summary": [
            {
                "k": one.k,
                "volume": one.volume,
                "breaks_at": [{"epsilon": at, "lambda": rate} for at, rate in one.breaks_at],
            }
            for one in surface.summaries
        ],
    }


def surface_from_dict(data: dict[str, Any]) -> Surface:
    """What ``surface_to_dict`` described."""
    grid = Grid(
        tuple(data["k"]),
        tuple(data["epsilon"]),
        tuple(data["lambda"]),
        data["repeats"],
        data["threshold"],
    )
    cells = tuple(
        SurfaceCell(
            **{field: one[key] for field, key in KEYS.items()},
            **{name: one[name] for name in COUNTS},
            reliability=pass_hats_of(one["reliability"]),
        )
        for one in data["points"]
    )
    summaries = tuple(
        SurfaceSummary(
            one["k"], one["volume"], tuple((at["epsilon"], at["lambda"]) for at in one["breaks_at"])
        )
        for one in data["summary"]
    )
    return Surface(grid, cells, summaries)


def _cell_to_dict(cell: SurfaceCell) -> dict[str, Any]:
    data = asdict(cell)
    return {
        **{key: data[field] for field, key in KEYS.items()},
        "scenario": cell.scenario,
        **{name: data[name] for name in COUNTS},
        "reliability": pass_hats_to_list(cell.reliability),
    }


def surface_schema() -> JsonSchema:
    """The key ``reliability``; other runs have none."""
    point = {
        "epsilon": SHARE,
        "lambda": SHARE,
        "scenario": {**TEXT, "description": "that of its trials; no-chaos is the control arm"},
        **dict.fromkeys(COUNTS, COUNT),
        "reliability": {**pass_hats_schema(), "description": "R(k, ε, λ), as far as it is known"},
    }
    summary = {
        "k": COUNT,
        "volume": {**or_null(SHARE), "description": "the mean height of the surface"},
        "breaks_at": {
            **list_of(object_of({"epsilon": SHARE, "lambda": or_null(SHARE)})),
            "description": "the smallest λ of the grid at which R is below the threshold; null: none",
        },
    }
    return object_of(
        {
            "k": list_of(COUNT),
            "epsilon": list_of(SHARE),
            "lambda": list_of(SHARE),
            "repeats": COUNT,
            "threshold": SHARE,
            "points": list_of(object_of(point)),
            "summary": list_of(object_of(summary)),
        }
    )
