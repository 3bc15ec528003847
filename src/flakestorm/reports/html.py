"""The HTML report: one file that shows itself anywhere, reaches nothing, and lets no reply do anything."""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from importlib.resources import files
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast

from flakestorm.model.replay import scenario_of
from flakestorm.model.run import Run
from flakestorm.reports.html_behaviour import behaviour_section
from flakestorm.reports.html_causes import causes_section
from flakestorm.reports.html_contract import contract_section
from flakestorm.reports.html_data import CallCount, blocks, pack
from flakestorm.reports.html_fault_groups import fault_groups_section
from flakestorm.reports.html_fault_map import fault_map_section
from flakestorm.reports.html_heatmap import heatmap_section
from flakestorm.reports.html_measured import duration, measured_section
from flakestorm.reports.html_reliability import reliability_section
from flakestorm.reports.html_replay import replay_section
from flakestorm.reports.html_scenarios import scenarios_section
from flakestorm.reports.html_trials import drawer, trials_section
from flakestorm.reports.html_verdict import verdict_section
from flakestorm.reports.markup import Content, Html, join, tag
from flakestorm.reports.rerun import rerun

STYLES = ("tokens.css", "page.css", "sections.css", "table.css", "drawer.css", "timeline.css", "print.css")
SCRIPTS = (
    "dom.js",
    "text.js",
    "difference.js",
    "data.js",
    "state.js",
    "filters.js",
    "table.js",
    "exchange.js",
    "timeline.js",
    "drawer.js",
    "main.js",
)
"""In the order in which they build on each other; they become one script."""
IN_MEMORY = 32 * 1024 * 1024
"""Packed trials beyond so many bytes wait on disk until the page above them is written."""


def write_html(run: Run, out: BinaryIO) -> None:
    """Write ``run`` as one self-contained page, in one pass over its records."""
    calls = CallCount()
    with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
        packed = cast("IO[bytes]", spool)
        for kind, text in blocks(run, calls):
            packed.write(_data(kind, text).text.encode("ascii") + b"\n")
        out.write(_above(run, calls).encode("utf-8"))
        packed.seek(0)
        while piece := packed.read(1 << 20):
            out.write(piece)
    out.write(_below(run).encode("utf-8"))


def _data(kind: str, packed: str) -> Html:
    # A script of a type that browsers do not run is inert, and no markup can begin inside it.
    return Html(f'<script type="application/octet-stream" data-block="{kind}">{packed}</script>')


def _above(run: Run, calls: CallCount) -> str:
    """Everything that is there at the first paint."""
    sections: list[tuple[str, str, Html | None]] = [
        ("verdict", "Verdict", verdict_section(run)),
        ("contract", "Contract", contract_section(run)),
        ("reliability", "Reliability", reliability_section(run)),
        ("replay", "Replay", replay_section(run)),
        ("causes", "Causes", fault_groups_section(run) if run.fault_map else causes_section(run)),
        ("where", "Where", heatmap_section(run)),
        ("map", "Fault map", fault_map_section(run)),
        ("scenarios", "Faults", scenarios_section(run)),
        ("behaviour", "Behaviour", behaviour_section(run, calls)),
        ("trials", "Trials", trials_section(run)),
        ("measured", "Method", measured_section(run)),
    ]
    shown = [(name, title, section) for name, title, section in sections if section is not None]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"flakestorm · {run.assessment.headline[:90]}"),
        Html(f"<style>{_style()}</style>"),
    )
    links = [tag("a", title, href=f"#{name}") for name, title, _ in shown]
    body = join(
        (
            tag("a", "Skip to the verdict", href="#verdict", class_="skip"),
            _header(run, links),
            tag("main", *(section for _, _, section in shown), drawer()),
        )
    )
    return f'<!doctype html>\n<html lang="en">\n{head.text}\n<body>\n{body.text}\n'


def _header(run: Run, links: list[Html]) -> Html:
    info = run.info
    what: list[Content] = [tag("bdi", info.target), f" · {info.started_at[:16].replace('T', ' ')}"]
    what.append(f" · {duration(info.seconds)}")
    return tag(
        "header",
        tag(
            "div",
            tag("strong", "flakestorm", class_="brand"),
            tag("span", *what, class_="muted"),
            class_="about",
        ),
        tag("nav", *links, aria_label="Sections"),
    )


def _below(run: Run) -> str:
    request = run.info.request
    about = {
        "target": run.info.target,
        "again": rerun(run.info),
        "replay": rerun(run.info, scenario_of("")),
        "request": None if request is None else [request.method, list(request.headers), request.body],
    }
    return f"{_data('about', pack(about)).text}\n<script>{_script()}</script>\n</body>\n</html>\n"


def _policy() -> str:
    """Nothing but the page's own script and style, told by their hashes; no string ever becomes markup."""
    return (
        f"default-src 'none'; script-src '{_hash(_script())}'; style-src '{_hash(_style())}'; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _style() -> str:
    return _templates(STYLES)


@cache
def _script() -> str:
    return '"use strict";\n(() => {\n' + _templates(SCRIPTS) + "})();\n"


def _templates(names: tuple[str, ...]) -> str:
    folder = files("flakestorm.reports") / "templates"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
