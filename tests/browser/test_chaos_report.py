"""The chaos parts of the HTML report in a real Chromium: scenarios, and calls over time."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
OpenRun = Callable[..., Any]


def test_scenario_opens_its_trials(open_run: OpenRun, fake: ModuleType) -> None:
    """The section lies where its link points; a scenario's name shows its trials alone."""
    page = open_run(fake.make_chaos_run()).page
    assert page.locator("#scenarios tbody tr").count() == 4
    assert page.locator('nav a[href="#scenarios"]').inner_text() == "Faults"
    page.locator('#scenarios a[href="#scenario=api_outage"]').click()
    expect(page.locator("#found")).to_contain_text(" of ")
    assert page.locator("#found").inner_text().startswith("6 of ")
    assert page.locator("select[name=scenario]").input_value() == "api_outage"


def test_finding_leads_to_its_clearest_trial(open_run: OpenRun, fake: ModuleType) -> None:
    """A finding shows the calls of a trial; its link opens that trial with the same calls."""
    run = fake.make_chaos_run()
    storm = next(finding for finding in run.findings if finding.kind == "retry_storm")
    page = open_run(run).page
    item = page.locator(".findings li", has_text="in a storm").first
    assert item.locator("svg.timeline .fault-mark").count() == 14
    assert item.locator("svg.timeline").get_attribute("role") == "img"
    item.locator("a.id").first.click()
    page.wait_for_selector("dialog[open] .calls")
    assert page.locator("dialog .facts code").first.inner_text() == storm.trials[0]
    assert page.locator("dialog svg.timeline .fault-mark").count() == 14
    assert page.locator("dialog .calls li").count() == 15


def test_call_tells_what_the_agent_got(open_run: OpenRun, fake: ModuleType) -> None:
    """Behind a call: where it went, what it got, and why a fault held back."""
    run = fake.make_chaos_run()
    record = next(r for r in run.records() if r.trial.scenario == "api_outage")
    page = open_run(run, f"#trial={record.trial.id}").page
    page.wait_for_selector("dialog[open] .calls")
    calls = page.locator("dialog .calls li")
    assert "SDK retry 1" in calls.nth(1).inner_text()
    calls.first.locator("summary").click()
    assert "https://api.openai.com/v1/chat/completions" in calls.first.inner_text()
    assert "rate_limit_exceeded" in calls.first.inner_text()
    calls.last.locator("summary").click()
    assert "Did not fire: rate_limit: it fired 14 times already" in calls.last.inner_text()
    label = page.locator("dialog svg.timeline").get_attribute("aria-label")
    assert label == "15 calls in 960 ms; faults fired in 14 of them. The list below has each."


def test_faults_are_told_apart_without_colour(open_run: OpenRun, fake: ModuleType) -> None:
    """A disturbed call has a dashed border and a cross, in light and in dark."""
    run = fake.make_chaos_run()
    record = next(r for r in run.records() if r.trial.scenario == "hostile_tools")
    for scheme in ("light", "dark"):
        page = open_run(run, f"#trial={record.trial.id}", color_scheme=scheme).page
        page.wait_for_selector("dialog[open] .timeline")
        styles = page.evaluate(
            """() => [...document.querySelectorAll('dialog .timeline .call')].map((bar) =>
              getComputedStyle(bar).strokeDasharray)"""
        )
        assert styles == ["3px, 2px", "none"]
        ink, ground = page.evaluate(
            """() => [getComputedStyle(document.querySelector('dialog .timeline text')).fill,
              getComputedStyle(document.querySelector('dialog')).backgroundColor]"""
        )
        assert ink != ground


def test_hostile_calls_are_inert(open_run: OpenRun, fake: ModuleType) -> None:
    """Names, URLs, faults and results that try to be markup stay text, in pictures and in lists."""
    run = fake.make_chaos_run(fake.hostile_records())
    page = open_run(run).page
    for record in fake.hostile_records():
        page.evaluate("(id) => { location.hash = 'trial=' + id; }", record.trial.id)
        expect(page.locator("dialog .facts code").first).to_have_text(record.trial.id)
        page.locator("dialog .calls summary").first.click()
        assert page.evaluate("window.hacked") is None
        assert page.locator("dialog :is(script, img, style, base, iframe, a[href^=javascript])").count() == 0
    assert page.locator("main :is(script, img, style, base, iframe)").count() == 0


def test_narrow_window_does_not_scroll_sideways(open_run: OpenRun, fake: ModuleType) -> None:
    """On a telephone the table of scenarios scrolls by itself, and pictures shrink."""
    page = open_run(fake.make_chaos_run(), viewport={"width": 390, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
