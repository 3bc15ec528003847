"""The fault map of the HTML report in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import expect

from flakestorm.model.fault_point import FaultPoint
from flakestorm.model.outcome import Call, Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.tally import Tally

pytestmark = pytest.mark.browser
OpenRun = Callable[..., Any]
PROMPT = GoldenPrompt(("When is it open?",), "opening")
NAME = "<b>m</b> & co"
FAILED = f"llm {NAME} #2: refused"


def describe(point: FaultPoint) -> tuple[int, str]:
    """One family."""
    return 0, "transport"


def trial(scenario: str, status: TrialStatus) -> TrialRecord:
    """A trial in which the fault fired."""
    call = Call("llm", NAME, 1.0, 10.0, None, ("refused",), sent="s")
    verdict = Verdict("says-ten", "contains", Severity.HIGH, VerdictStatus.FAILED, "no 'ten' in it")
    verdicts = (verdict,) if status is TrialStatus.FAILED else ()
    outcome = Outcome(20.0, reply="Hm.", calls=(call,))
    return TrialRecord(Trial.of(PROMPT, scenario=scenario), outcome, verdicts, status)


@pytest.fixture
def explored(fake: ModuleType) -> Run:
    """A failed and a survived fault, at calls of a model with a hostile name."""
    records = (
        trial(NO_CHAOS, TrialStatus.PASSED),
        trial(f"llm {NAME} #1: refused", TrialStatus.PASSED),
        trial(FAILED, TrialStatus.FAILED),
    )
    tally = Tally(lambda _: 1.0, describe)
    for record in records:
        tally.add(record)
    run: Run = fake.make_run(20, records)
    return replace(run, info=replace(run.info, strategy="explore"), fault_map=tally.fault_map())


def test_a_cell_opens_its_trials(open_run: OpenRun, explored: Run) -> None:
    """Marks with words for those who do not see them; names stay text; links lead to the trials."""
    page = open_run(explored).page
    cells = page.locator("#map td a")
    assert cells.all_inner_texts() == ["✓", "✗"]
    assert cells.nth(1).get_attribute("aria-label") == f"{FAILED}: 1 failed"
    assert page.locator("#map b").count() == 0
    assert page.locator('nav a[href="#map"]').inner_text() == "Fault map"
    cells.nth(1).click()
    expect(page.locator("#found")).to_contain_text(" of ")
    assert page.locator("#found").inner_text().startswith("1 of ")
    assert page.locator("select[name=scenario]").input_value() == FAILED


def test_what_breaks_it(open_run: OpenRun, explored: Run) -> None:
    """The failing set leads to its trials, its clearest trial opens; nothing complains."""
    opened = open_run(explored)
    page = opened.page
    cause = page.locator("#causes details").first
    assert "Breaks 'says-ten' under llm transport faults" in cause.inner_text()
    assert cause.locator("svg.timeline .fault-mark").count() == 1
    cause.get_by_text("Open the clearest trial").click()
    page.wait_for_selector("dialog[open]")
    assert not opened.complaints
