"""A real Chromium, and pages opened in it from files as a person would."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flakestorm.model.run import Run
from flakestorm.reports.formats import write_report

FAKE_RUN = Path(__file__).parents[1] / "unit" / "reports" / "fake_run.py"
# Tests wait by ``expect``: ``wait_for_function`` evaluates a text in the page, which its policy forbids
# as soon as the first look does not find what is waited for.
expect.set_options(timeout=30_000)
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The factory of runs, shared with the unit tests by path."""
    spec = importlib.util.spec_from_file_location("fake_run", FAKE_RUN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, once for a file of tests; without one installed they are skipped.

    Not once for the session: playwright's synchronous interface keeps an event loop running in this
    thread for as long as it is open, and no test with a loop of its own could run beside it.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page with everything that it complained about, asked for, or popped up."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Collect from now on."""

        def dismissed(dialog: object) -> None:
            self.dialogs.append(dialog.message)  # type: ignore[attr-defined]  # playwright's Dialog
            dialog.dismiss()  # type: ignore[attr-defined]  # the same

        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", dismissed)

    def go(self, fragment: str = "") -> Page:
        """Open the file anew, at a view of it, and wait until its trials are there."""
        self.page.goto("about:blank")
        self.page.goto(self.url + fragment)
        self.page.wait_for_selector("html[data-ready]")
        return self.page


OpenRun = Callable[..., Opened]


@pytest.fixture
def open_run(browser: Browser, tmp_path: Path) -> Iterator[OpenRun]:
    """Writes a run's report to a file and opens that; afterwards nothing may have been complained of."""
    opened: list[Opened] = []

    def open_it(run: Run, fragment: str = "", **options: object) -> Opened:
        path = tmp_path / "report.html"
        write_report(run, path, "html")
        page = browser.new_page(**options)
        one = Opened(page, path.as_uri())
        one.listen()
        opened.append(one)
        one.go(fragment)
        return one

    yield open_it
    for one in opened:
        one.page.close()
        assert one.complaints == []
        assert one.dialogs == []
        assert {url.partition("#")[0] for url in one.requests} == {one.url}
