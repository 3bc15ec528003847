"""The contract matrix of the HTML report in a real Chromium: a cell opens its trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import expect

from flakestorm.model.ci import CiResult, CiTerms, Pillar
from flakestorm.model.contract import Promise, Terms
from flakestorm.model.run import Run, Score, Scores
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.contract import ContractTally

pytestmark = pytest.mark.browser
OpenRun = Callable[..., Any]


@pytest.fixture
def contract_run(fake: ModuleType) -> Run:
    """The chaos run of the unit tests, with a second rule on some of its trials, counted as a contract."""
    run = fake.make_chaos_run()
    records = []
    for number, one in enumerate(run.records()):
        status = VerdictStatus.FAILED if number % 3 else VerdictStatus.PASSED
        told = Verdict("polite", "contains", Severity.LOW, status)
        records.append(replace(one, verdicts=(*one.verdicts, told)) if number % 2 else one)
    names = dict.fromkeys(verdict.invariant for record in records for verdict in record.verdicts)
    promises = tuple(Promise(name, "contains", Severity.HIGH) for name in names)
    scenarios = tuple(dict.fromkeys(record.trial.scenario for record in records))
    tally = ContractTally(Terms("shop", promises, scenarios))
    for record in records:
        tally.add(record)
    return replace(run, contract=tally.result(), records=lambda: iter(records))


def test_a_cell_opens_its_trials(open_run: OpenRun, contract_run: Run) -> None:
    """The link of each judged cell shows as many trials as the cell counts, and the filter says so."""
    page = open_run(contract_run).page
    assert contract_run.contract is not None
    assert page.locator('nav a[href="#contract"]').inner_text() == "Contract"
    cell = next(c for c in contract_run.contract.cells if c.invariant == "polite" and c.failed)
    page.locator(f'#contract td a[href="#scenario={cell.scenario}&rule=polite"]').click()
    expect(page.locator("#found")).to_contain_text(" of ")
    count = cell.passed + cell.failed + cell.errored + cell.inconclusive
    assert page.locator("#found").inner_text().startswith(f"{count} of ")
    assert page.locator("select[name=rule]").input_value() == "polite"
    assert page.locator("select[name=scenario]").input_value() == cell.scenario
    page.locator("#filters [type=reset]").click()
    assert page.locator("select[name=rule]").input_value() == ""


def test_what_ci_asks_of_a_score_is_beside_it(open_run: OpenRun, contract_run: Run) -> None:
    """With a sign and words, and whether it is kept."""
    scores = Scores(
        overall=Score(0.7, 0.6, 0.8, 40),
        robustness=Score(0.5, 0.4, 0.6, 30),
        contract=Score(0.9, 0.8, 1.0, 9),
    )
    pillars = (
        Pillar("mutation", True, 0.5, 0.8, 0.5, 0.4, 0.6, 30),
        Pillar("chaos", False, 0.0),
        Pillar("contract", True, 0.5, 0.85, 0.9, 0.8, 1.0, 9),
        Pillar("replay", False, 0.0),
    )
    ci = CiResult(CiTerms(("mutation", "contract")), pillars)
    page = open_run(replace(contract_run, scores=scores, ci=ci)).page
    rows = page.locator("table.scores tbody tr").all_inner_texts()
    told = {row.split()[0]: row for row in rows}
    assert "✕ below the minimum of 80 %" in told["Robustness"]
    assert "✓ minimum 85 %" in told["Contract"]
    assert "minimum" not in told["Overall"]


def test_statuses_are_told_without_colour(open_run: OpenRun, contract_run: Run) -> None:
    """Every judged cell has a sign and a sentence; its ink differs from its ground in both schemes."""
    for scheme in ("light", "dark"):
        page = open_run(contract_run, color_scheme=scheme).page
        cells = page.locator("#contract td a")
        assert cells.count() > 4
        for index in range(cells.count()):
            words = cells.nth(index).inner_text()
            assert words.strip()[0] in "✓✕!?"
            label = cells.nth(index).get_attribute("aria-label") or ""
            assert any(word in label for word in ("kept", "broken", "errored", "inconclusive"))
        colours = page.evaluate(
            """() => [...document.querySelectorAll('#contract td[class^=cell]')].map((cell) =>
              [getComputedStyle(cell).color, getComputedStyle(cell).backgroundColor])"""
        )
        assert all(ink != ground for ink, ground in colours)


def test_other_runs_have_no_such_filter(open_run: OpenRun, fake: ModuleType) -> None:
    """Which rules judged a trial is asked of contracts alone."""
    page = open_run(fake.make_chaos_run()).page
    assert page.locator("#contract").count() == 0
    assert not page.locator("select[name=rule]").is_visible()
