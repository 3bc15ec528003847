"""The reliability surface and the measures in each report."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO, StringIO

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from flakestorm.model.measures import Measures, PassHat
from flakestorm.model.reliability import Grid, Surface, SurfaceCell, SurfaceSummary
from flakestorm.model.run import Run, Score
from flakestorm.reports.html import write_html
from flakestorm.reports.json_report import write_json
from flakestorm.reports.markdown import write_markdown
from flakestorm.reports.run_dict import run_from_dict, run_to_dict
from flakestorm.reports.schema import report_schema
from flakestorm.reports.terminal import print_run

GRID = Grid((1, 2), (0.0, 0.4), (0.0, 0.1), 4, 0.9)


def score(value: float) -> Score:
    """A rate with an interval around it."""
    return Score(value, max(0.0, value - 0.2), min(1.0, value + 0.1), 8)


def cell(intensity: float, rate: float, value: float | None, errors: int = 0) -> SurfaceCell:
    """A point at which R(1) is ``value``, and R(2) its square."""
    known = () if value is None else (PassHat(1, score(value)), PassHat(2, score(value**2)))
    return SurfaceCell(intensity, rate, 8, 6, 8, errors, 3 if rate else 0, known)


@pytest.fixture
def measured(run: Run) -> Run:
    """A run with a surface, one of whose points is not known, and with all measures."""
    cells = (cell(0, 0, 1.0), cell(0.4, 0, 0.9), cell(0, 0.1, 0.5, errors=1), cell(0.4, 0.1, None))
    summaries = (
        SurfaceSummary(1, 0.85, ((0.0, 0.1), (0.4, None))),
        SurfaceSummary(2, None, ((0.0, 0.1), (0.4, 0.0))),
    )
    measures = Measures(
        undisturbed=(PassHat(1, score(0.95)), PassHat(2, score(0.9))),
        prompts=score(0.8),
        faults=score(0.4),
        attack_success=score(0.25),
        over_refusal=score(0.05),
    )
    return replace(run, surface=Surface(GRID, cells, summaries), measures=measures)


def test_json_fits_the_schema_and_reads_back(measured: Run) -> None:
    """Both keys are described, and nothing is lost on the way."""
    out = BytesIO()
    write_json(measured, out)
    data = json.loads(out.getvalue())
    Draft202012Validator(report_schema()).validate(data)
    assert data["reliability"]["points"][2]["scenario"] == "λ=0.1"
    assert data["measures"]["robustness_ratio"]["environment"] is None
    back = run_from_dict(data, measured.records)
    assert (back.surface, back.measures) == (measured.surface, measured.measures)


def test_an_older_report_has_neither(run: Run) -> None:
    """Reports that do not know the keys can still be read."""
    data = json.loads(json.dumps(run_to_dict(run), default=str))
    data.pop("measures")
    back = run_from_dict(data, run.records)
    assert back.surface is None
    assert not back.measures.any


def test_terminal_shows_a_table_and_a_line_for_each_measure(measured: Run) -> None:
    """R in each cell, a dash where it is not known, and what it comes to."""
    out = StringIO()
    print_run(measured, Console(file=out, width=140, no_color=True))
    text = out.getvalue()
    assert "Reliability surface" in text
    assert [line.split() for line in text.splitlines() if line.startswith("k=2 λ=0.1")] == [
        ["k=2", "λ=0.1", "0.25", "–", "38%"]
    ]
    assert "k=1: volume 0.85; below 0.9 from λ=0.1 at ε=0 on" in text
    assert "1 trials without a reply" in text
    assert "pass^k undisturbed: k=1 95% (75–100%)" in text
    assert "robustness ratios: prompts 80% (60–90%), faults 40%" in text
    assert "attack success: 25%" in text


def test_html_has_a_picture_and_a_table_that_says_the_same(measured: Run) -> None:
    """The picture is described, every number is in the table beside it, and cells link to trials."""
    out = BytesIO()
    write_html(measured, out)
    page = out.getvalue().decode()
    assert page.count('class="surface-picture"') == 2
    assert 'aria-label="Reliability surface for k = 1; the table beside it has its numbers"' in page
    assert 'href="#scenario=%CE%B5%3D0.4%20%CE%BB%3D0.1"' in page
    assert "Attack success" in page
    # One square of four corners is not whole.
    assert 'class="face' not in page


def test_html_draws_a_face_for_each_whole_square(measured: Run) -> None:
    """With all corners known there is a face for each k; it names how to measure it again."""
    surface = measured.surface
    assert surface is not None
    cells = (*surface.cells[:3], cell(0.4, 0.1, 0.3))
    out = BytesIO()
    write_html(replace(measured, surface=replace(surface, cells=cells)), out)
    page = out.getvalue().decode()
    assert page.count('class="face shade-') == 2
    assert "reliability --k 1,2 --epsilon 0,0.4 --lambda 0,0.1 --repeats 4" in page


def test_markdown_lists_both(measured: Run) -> None:
    """A line for each k and each measure."""
    out = BytesIO()
    write_markdown(measured, out)
    text = out.getvalue().decode()
    assert "- k=1: volume 0.85" in text
    assert "- over-refusal (harmless requests that were refused): 5%" in text
