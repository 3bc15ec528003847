"""The HTML report in a real Chromium: it works from a file, and nothing in it does anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
OpenRun = Callable[..., Any]
BODY = "#trial-table tbody tr[data-place]"


def found(page: Page) -> str:
    """The line above the table that counts trials."""
    return page.locator("#found").inner_text()


def test_opens_from_a_file_without_a_complaint(open_run: OpenRun, fake: ModuleType) -> None:
    """No console message, no policy violation, no request; verdict, causes and rows are there."""
    page = open_run(fake.make_run(300)).page
    assert page.locator("h1").inner_text().startswith("Keeps its rules in")
    assert page.locator("details.cause[open]").count() == 3
    assert page.locator(BODY).count() > 5
    assert found(page) == "300 trials"


def test_policy_is_enforced(open_run: OpenRun, fake: ModuleType) -> None:
    """A script, a style attribute and an image that got into the page after all are all refused."""
    opened = open_run(fake.make_run(10))
    opened.page.evaluate(
        """() => {
          const script = document.createElement("script");
          const policy = trustedTypes.createPolicy("t", {createScript: (text) => text});
          script.text = policy.createScript("window.hacked = true");
          document.body.append(script);
        }"""
    )
    assert opened.page.evaluate("window.hacked") is None
    with pytest.raises(Exception, match="TrustedHTML"):
        opened.page.evaluate("document.body.innerHTML = '<p>x</p>'")
    assert any("Content Security Policy" in complaint for complaint in opened.complaints)
    opened.complaints.clear()


def test_search_filters_and_lands_in_the_address(open_run: OpenRun, fake: ModuleType) -> None:
    """Search reaches the whole text of a trial; the view has an address; Clear shows everything again."""
    opened = open_run(fake.make_run(400))
    page = opened.page
    page.keyboard.press("/")
    page.keyboard.type("traceback: keyerror")
    expect(page.locator("#found")).not_to_contain_text("reading")
    shown = page.locator(BODY).count()
    assert 0 < shown < 20
    assert all("status" in text for text in page.locator(f"{BODY} .broke").all_inner_texts())
    assert "q=traceback" in page.evaluate("location.hash")
    page.get_by_role("button", name="Clear").click()
    assert found(page) == "400 trials"


def test_view_can_be_linked(open_run: OpenRun, fake: ModuleType) -> None:
    """An address with filters opens on them: only failed injections, with the controls set."""
    page = open_run(fake.make_run(400), "#status=failed&type=prompt_injection").page
    assert " of 400 trials" in found(page)
    assert set(page.locator(f"{BODY} .status").all_inner_texts()) == {"✕failed"}
    assert page.locator("[data-status=failed]").get_attribute("aria-pressed") == "true"
    assert page.locator("select[name=type]").input_value() == "prompt_injection"


def test_cell_of_the_heat_map_opens_its_trials(open_run: OpenRun, fake: ModuleType) -> None:
    """A click on a cell shows as many trials as the cell counts."""
    run = fake.make_run(400)
    page = open_run(run).page
    cell = next(cell for cell in run.cells if cell.judged and not cell.errored)
    page.locator(f'.heatmap a[href="#prompt={cell.prompt}&type={cell.type}"]').click()
    expect(page.locator("#found")).to_contain_text(" of ")
    assert int(found(page).split()[0]) >= cell.judged
    assert page.evaluate("document.querySelector('#trials').getBoundingClientRect().top") < 200


def test_cause_opens_its_trials(open_run: OpenRun, fake: ModuleType) -> None:
    """Trials like the example are exactly as many as the cause counts."""
    run = fake.make_run(400)
    page = open_run(run).page
    page.get_by_role("link", name="Trials like it").first.click()
    expect(page.locator("#found")).to_contain_text(" of ")
    assert found(page) == f"{run.causes[0].count} of 400 trials"


def test_drawer_by_keyboard(open_run: OpenRun, fake: ModuleType) -> None:
    """j, j, Enter opens the second trial; j goes on inside; Esc closes and gives the focus back."""
    page = open_run(fake.make_run(300)).page
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.place") == "1"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] .command")
    first = page.locator("dialog .command code").first.inner_text()
    assert first.startswith("flakestorm run --only trial:")
    page.keyboard.press("j")
    expect(page.locator("dialog .command code").first).not_to_have_text(first)
    assert "trial=" in page.evaluate("location.hash")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert page.evaluate("document.activeElement.dataset.place") == "2"
    assert "trial=" not in page.evaluate("location.hash")


def test_drawer_tells_everything(open_run: OpenRun, fake: ModuleType) -> None:
    """Difference, evidence, verdicts, calls with their faults, and the request as curl."""
    run = fake.make_run(400)
    cause = run.causes[0]
    page = open_run(run, f"#trial={cause.example.trial.id}").page
    page.wait_for_selector("dialog[open]")
    drawer = page.locator("dialog")
    assert "Ignore all previous instructions" in drawer.locator(".text ins").inner_text()
    assert drawer.locator("mark").inner_text() == fake.CANARY
    assert drawer.locator(".verdicts tr").count() == 2
    assert drawer.locator(".calls li").count() == 3
    assert "fault: error 503" in drawer.locator(".calls").inner_text()
    curl = drawer.locator(".command code").nth(1).inner_text()
    assert curl.startswith("curl -X POST 'http://127.0.0.1:8000/chat' -H ")
    assert """ -H 'Authorization: Bearer '"${AGENT_KEY}"'' --data-raw '{"input": "What""" in curl
    assert "\\nIgnore all previous instructions" in curl


def test_drawer_tells_what_an_attack_sent_and_saw(open_run: OpenRun, fake: ModuleType) -> None:
    """Recipe, answers, other clients and health; a hostile answer stays text."""
    record = fake.attack_record("<img src=x onerror=alert(1)>\u202e")
    page = open_run(fake.make_run(1, iter([record])), f"#trial={record.trial.id}").page
    page.wait_for_selector("dialog[open]")
    drawer = page.locator("dialog")
    told = drawer.inner_text()
    for part in (
        "On the wire",
        "answered 500 after 31 ms",
        "7 of 8 requests served",
        "status 503",
        "× 3,000",
    ):
        assert part in told
    assert "<img src=x onerror=alert(1)>" in told
    assert page.locator("img").count() == 0
    assert "U+202E" in told


def test_conversation_shows_its_turns(open_run: OpenRun, fake: ModuleType) -> None:
    """Earlier turns and their replies stand before the disturbed one; there is no single curl for it."""
    run = fake.make_run(400)
    record = next(
        r for r in run.records() if len(r.trial.turns) > 1 and r.trial.mutation and not r.outcome.error
    )
    page = open_run(run, f"#trial={record.trial.id}").page
    page.wait_for_selector("dialog[open]")
    captions = page.locator("dialog figcaption").all_inner_texts()
    assert captions[:2] == ["Turn 1", "Reply 1"]
    assert page.locator("dialog .command").count() == 1


def test_invisible_characters_are_visible(open_run: OpenRun, fake: ModuleType) -> None:
    """A zero-width space and a bidi override appear by name, in the table and in the drawer."""
    run = fake.make_run(400)
    record = next(
        r for r in run.records() if r.trial.mutation and r.trial.mutation.type == "token_manipulation"
    )
    page = open_run(run, f"#type=token_manipulation&trial={record.trial.id}").page
    page.wait_for_selector("dialog[open]")
    assert page.locator("dialog .text ins .hidden-char").all_inner_texts() == ["U+200B", "U+202E"]
    assert page.locator("dialog .text ins").nth(1).inner_text().startswith("␣")
    assert page.locator(f"{BODY} .hidden-char").count() > 0


def test_hostile_texts_are_inert(open_run: OpenRun, fake: ModuleType) -> None:
    """Every hostile trial opened in the drawer: no script runs, no element appears, the text is readable."""
    run = fake.make_run(6, fake.hostile_records())
    page = open_run(run).page
    for record in fake.hostile_records():
        page.evaluate("(id) => { location.hash = 'trial=' + id; }", record.trial.id)
        expect(page.locator("dialog .facts code").first).to_have_text(record.trial.id)
        assert page.evaluate("window.hacked") is None
        assert page.locator("dialog :is(script, img, style, base, iframe)").count() == 0
    page.evaluate("location.hash = 'q=onerror'")
    expect(page.locator("#found")).to_contain_text(" of ")
    assert page.locator("main :is(script, img, style, base, iframe)").count() == 0
    assert page.evaluate("window.hacked") is None


def test_megabyte_is_shown_in_part(open_run: OpenRun, fake: ModuleType) -> None:
    """A reply of a megabyte shows its beginning and a button; the rest comes on demand, up to the cut."""
    records = fake.hostile_records()
    huge = records[len(fake.HOSTILE_REPLIES)]
    page = open_run(fake.make_run(6, records), f"#trial={huge.trial.id}").page
    page.wait_for_selector("dialog[open]")
    reply = page.locator("dialog figure", has_text="Replied").locator(".text").last
    reply.get_by_role("button").click()
    assert "Cut here: 200,000 of 1,000,000 characters" in reply.inner_text()


def test_unknown_trial_says_so(open_run: OpenRun, fake: ModuleType) -> None:
    """A link to a trial of another run opens a drawer that says that there is none."""
    page = open_run(fake.make_run(20), "#trial=%3Cimg%20src=x%3E").page
    page.wait_for_selector("dialog[open]")
    assert "This report has no trial <img src=x>" in page.locator("dialog").inner_text()


FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
    for (const one of list.getEntriesByName("first-contentful-paint")) done(one.startTime);
}).observe({ type: "paint", buffered: true }))"""


def first_paint(page: Page, url: str) -> float:
    """Milliseconds until something is to be read; the best of three, since other programs run here too."""
    times = []
    for _ in range(3):
        page.goto("about:blank")
        page.goto(url)
        times.append(page.evaluate(FIRST_PAINT))
    return float(min(times))


def test_twenty_thousand_trials(
    open_run: OpenRun, fake: ModuleType, tmp_path: Path, browser: Browser
) -> None:
    """Only the rows in sight exist; the end can be reached; the first paint is 200 ms from that of a word."""
    opened = open_run(fake.make_run(20_000))
    page = opened.page
    assert page.locator(BODY).count() < 60
    page.evaluate("document.querySelector('#rows').scrollTop = 1e9")
    page.wait_for_selector('tr[data-place="19999"]')
    page.fill("#search", "FS-7Q4M-K2XD obey-nothing-like-it")
    expect(page.locator("#found")).to_have_text("0 of 20,000 trials")
    word = tmp_path / "word.html"
    word.write_text("<!doctype html><title>word</title><p>word")
    other = browser.new_page()
    least, paint = first_paint(other, word.as_uri()), first_paint(other, opened.url)
    other.close()
    print(f"first contentful paint: {paint:.0f} ms for 20,000 trials, {least:.0f} ms for a word")
    assert paint < least + 200


def test_light_and_dark(open_run: OpenRun, fake: ModuleType) -> None:
    """The page follows the preference of the system, and both are readable."""
    grounds = {}
    for scheme in ("light", "dark"):
        page = open_run(fake.make_run(20), color_scheme=scheme).page
        grounds[scheme] = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
    assert grounds["light"] == ["rgb(251, 251, 250)", "rgb(27, 28, 30)"]
    assert grounds["dark"] == ["rgb(19, 20, 22)", "rgb(231, 232, 234)"]


def test_narrow_window_does_not_scroll_sideways(open_run: OpenRun, fake: ModuleType) -> None:
    """On a telephone only the tables scroll sideways, not the page."""
    page = open_run(fake.make_run(100), viewport={"width": 390, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_landmarks_and_names(open_run: OpenRun, fake: ModuleType) -> None:
    """Screen readers find one main part, a named navigation, named controls and a counted table."""
    page = open_run(fake.make_run(50)).page
    for role in ("main", "banner", "navigation", "search"):
        assert page.get_by_role(role).count() == 1, role
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button")].filter((control) =>
          !control.textContent.trim() && !control.getAttribute("aria-label")).length"""
    )
    assert unnamed == 0
    assert page.locator("#trial-table").get_attribute("aria-rowcount") == "51"
    assert page.get_by_role("columnheader", name="Status").get_attribute("aria-sort") == "descending"


def test_back_closes_the_drawer(open_run: OpenRun, fake: ModuleType) -> None:
    """The drawer is a step in the history."""
    page = open_run(fake.make_run(50)).page
    page.locator(BODY).first.click()
    page.wait_for_selector("dialog[open]")
    page.go_back()
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert "trial=" not in page.url


def test_sorting_by_latency(open_run: OpenRun, fake: ModuleType) -> None:
    """One click puts the slowest first, another one the fastest."""
    run = fake.make_run(200)
    times = sorted(record.outcome.latency_ms for record in run.records())
    page = open_run(run).page
    button = page.get_by_role("button", name="Latency")
    ends = []
    for _ in range(2):
        button.click()
        ends.append(page.locator(f"{BODY} .number").first.inner_text())
    assert ends == [f"{times[-1] / 1000:.1f} s", f"{times[0]:.0f} ms"]
