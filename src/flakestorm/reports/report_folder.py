"""A folder with all reports of a run, and a summary with links to them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from flakestorm.model.errors import WorkError
from flakestorm.model.run import Run
from flakestorm.reports.formats import formats, write_report
from flakestorm.reports.markdown import pillars_table
from flakestorm.reports.markdown_text import code, prose
from flakestorm.reports.markup import Html, join, tag
from flakestorm.reports.pillar_rows import HEADS, pillar_rows

FORMATS = ("html", "json", "junit", "sarif", "markdown")
STEM = "report"
SUMMARY, INDEX = "summary.md", "index.html"
SHOWN_CAUSES = 10
STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;"
    "max-width:60rem;padding:0 1rem}h1{font-size:1.4rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "td,th{border-bottom:1px solid;padding:.3rem .8rem;text-align:left}caption{font-weight:600}"
)
ABOUT = {
    "html": "everything, for people",
    "json": "everything, for programs",
    "junit": "each trial and each cell of the contract as a test",
    "sarif": "causes, for code scanning",
    "markdown": "the story, for a pull request",
}


def write_folder(run: Run, folder: Path, more: Mapping[str, str] | None = None) -> list[Path]:
    """Write all reports of ``run`` into ``folder``, and a summary that leads to them; returns the files.

    ``more`` are other files in the folder that the summary is to lead to: name → what it is. Raises
    ``WorkError`` when anything cannot be written.
    """
    links = {STEM + formats.get(name).ending: ABOUT[name] for name in FORMATS}
    for name in FORMATS:
        write_report(run, folder / (STEM + formats.get(name).ending), name)
    links.update(more or {})
    texts = {SUMMARY: "\n".join(summary_lines(run, links)) + "\n", INDEX: _page(run, links)}
    for name, text in texts.items():
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise WorkError(f"{folder / name} could not be written: {error.strerror or error}.") from error
    return [folder / name for name in (*texts, *links)]


def summary_lines(run: Run, links: Mapping[str, str] | None = None) -> Iterator[str]:
    """The summary in Markdown: verdict, pillars, worst causes, and ``links`` (file → what it is)."""
    word = {0: "Good", 1: "Fell short"}.get(run.assessment.exit_code, "No verdict")
    yield f"# flakestorm ci: {word}"
    yield ""
    yield f"**{prose(run.assessment.headline, 1000)}**"
    yield ""
    yield from (f"- {prose(reason)}" for reason in run.assessment.reasons)
    if run.ci is not None:
        yield from pillars_table(run.ci)
    if run.causes:
        yield from ("", "## What breaks it", "")
        for cause in run.causes[:SHOWN_CAUSES]:
            count = f"{cause.count:,} {'trial' if cause.count == 1 else 'trials'}"
            yield f"- **{cause.severity}**, {count}: {prose(cause.title)}"
        if len(run.causes) > SHOWN_CAUSES:
            yield f"- … and {len(run.causes) - SHOWN_CAUSES} more."
    if links:
        yield from ("", "## Reports", "")
        yield from (f"- [{name}]({name}): {about}" for name, about in links.items())
    yield ""
    yield f"Run {code(run.info.id)}, exit code {run.assessment.exit_code}."


def _page(run: Run, links: Mapping[str, str]) -> str:
    parts: list[Html | None] = [
        tag("h1", run.assessment.headline),
        _list(tag("li", reason) for reason in run.assessment.reasons),
    ]
    if run.ci is not None:
        head = tag("tr", *(tag("th", text, scope="col") for text in HEADS))
        rows = [tag("tr", *(tag("td", text) for text in row)) for row in pillar_rows(run.ci)]
        parts.append(tag("table", tag("caption", "Pillars"), tag("thead", head), tag("tbody", *rows)))
    parts += [
        tag("h2", "Reports"),
        _list(tag("li", tag("a", name, href=name), f": {about}") for name, about in links.items()),
        tag("p", f"Run {run.info.id}, exit code {run.assessment.exit_code}."),
    ]
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"flakestorm ci: run {run.info.id}"),
        Html(f"<style>{STYLE}</style>"),
    )
    body = tag("body", tag("main", join(parts)))
    return f'<!doctype html>\n<html lang="en">\n{head.text}\n{body.text}\n</html>\n'


def _list(items: Iterable[Html]) -> Html | None:
    found = list(items)
    return tag("ul", join(found)) if found else None
