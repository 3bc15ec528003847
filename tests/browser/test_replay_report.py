"""Recorded sessions and the reliability surface of the HTML report in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import expect

from flakestorm.model.measures import PassHat
from flakestorm.model.reliability import Grid, Surface, SurfaceCell, SurfaceSummary
from flakestorm.model.replay import SessionTerms, scenario_of
from flakestorm.model.run import Run, Score
from flakestorm.scoring.replay import ReplayTally

pytestmark = pytest.mark.browser
OpenRun = Callable[..., Any]

HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture
def replay_run(fake: ModuleType) -> Run:
    """The chaos run of the unit tests, its trials under faults taken for the repeats of two sessions."""
    run = fake.make_chaos_run()
    terms = (SessionTerms("june", HOSTILE, expected_failure=HOSTILE), SessionTerms("july"))
    tally = ReplayTally(terms)
    records, repeats = [], {"june": 0, "july": 0}
    for number, one in enumerate(run.records()):
        if one.trial.scenario not in ("", "no-chaos"):
            id_ = terms[number % 2].id
            trial = replace(one.trial, scenario=scenario_of(id_), repeat=repeats[id_])
            one = replace(one, trial=trial)  # noqa: PLW2901 - the same trial under another name
            repeats[id_] += 1
        records.append(one)
        tally.add(one)
    return replace(run, replay=tally.result(), records=lambda: iter(records))


def test_a_session_opens_its_trials(open_run: OpenRun, replay_run: Run) -> None:
    """Those of all its repeats; what the session says of itself is inert."""
    opened = open_run(replay_run)
    page = opened.page
    assert replay_run.replay is not None
    for session in replay_run.replay.sessions:
        link = page.locator(f'#replay th a[href*="{session.terms.id}"]')
        assert link.count() == 1
        link.click()
        expect(page.locator("#found")).to_contain_text(" of ")
        assert page.locator("#found").inner_text().startswith(f"{len(session.trials)} of ")
        page.locator("#filters [type=reset]").click()
    assert page.locator("#replay img").count() == 0
    assert "onerror=alert(1)" in page.locator("#replay tbody").inner_text()
    assert opened.dialogs == []


def test_a_point_of_the_surface_opens_its_trials(open_run: OpenRun, fake: ModuleType) -> None:
    """The table beside the picture says the same in numbers; the picture has words for who cannot see it."""
    run = fake.make_chaos_run()
    records = [
        replace(one, trial=replace(one.trial, scenario="λ=0.2" if number % 2 else "no-chaos"))
        for number, one in enumerate(run.records())
    ]
    high = PassHat(1, Score(0.9, 0.8, 0.95, 8))
    cells = (SurfaceCell(0.0, 0.0, 8, 8, 8, 0, 0, (high,)), SurfaceCell(0.0, 0.2, 8, 3, 8, 1, 3))
    surface = Surface(
        Grid((1,), (0.0,), (0.0, 0.2), 4, 0.9), cells, (SurfaceSummary(1, 0.85, ((0.0, 0.1),)),)
    )
    page = open_run(replace(run, surface=surface, records=lambda: iter(records))).page
    name = page.locator("#reliability svg[role=img]").get_attribute("aria-label")
    assert name == "Reliability surface for k = 1; the table beside it has its numbers"
    rows = page.locator("#reliability tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["λ = 0", "λ = 0.2"]
    page.locator('#reliability tbody a[href*="0.2"]').click()
    expect(page.locator("#found")).to_contain_text(" of ")
    assert page.locator("select[name=scenario]").input_value() == "λ=0.2"
