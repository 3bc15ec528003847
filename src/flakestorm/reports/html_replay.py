"""Replayed sessions on the page: what went wrong when they were recorded, and what happens now."""

from __future__ import annotations

from flakestorm.model.record import TrialStatus
from flakestorm.model.replay import SessionResult, scenario_of
from flakestorm.model.run import Run
from flakestorm.reports.html_text import hostile
from flakestorm.reports.html_verdict import status_sign
from flakestorm.reports.markup import Content, Html, join, tag, view
from flakestorm.reports.replay_words import broken_rules, repeats_of, tool_words

SHOWN = 500
HEADS = ("Session", "Now", "Repeats passed", "Rules broken", "Recorded tool answers")
EXPLAINED = (
    "A session is sent again with the tool answers that were recorded in it, and passes when every rule that "
    "judges it holds. Where none of the recorded tools was called, nothing is proved."
)


def replay_section(run: Run) -> Html | None:
    """The sessions, those that do not pass first; None where none was replayed."""
    if run.replay is None:
        return None
    sessions = sorted(run.replay.sessions, key=lambda session: session.status is TrialStatus.PASSED)
    table = tag(
        "table",
        tag("caption", "Recorded sessions, those that do not pass first", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in HEADS))),
        tag("tbody", *map(_row, sessions[:SHOWN])),
        class_="scenarios",
    )
    more = len(sessions) - SHOWN
    return tag(
        "section",
        tag("h2", "Recorded sessions", tag("span", f"{len(sessions)}", class_="count")),
        tag("p", EXPLAINED, class_="muted"),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Recorded sessions"),
        tag("p", f"… and {more:,} more among the trials", class_="muted") if more > 0 else None,
        id="replay",
    )


def _row(session: SessionResult) -> Html:
    terms, status = session.terms, session.status.value
    name = tag("a", hostile((terms.name or terms.id)[:120]), href=view(scenario=scenario_of(terms.id)))
    facts = [
        ("id", terms.id if terms.name else ""),
        ("source", terms.source),
        ("recorded", terms.captured_at),
        ("went wrong", terms.expected_failure),
        ("judged by", terms.contract),
    ]
    pairs = [join((tag("dt", key), tag("dd", hostile(text[:300])))) for key, text in facts if text]
    now: list[Content] = [status_sign(status), f" {status}{', flaky' if session.is_flaky else ''}"]
    if session.note:
        now.append(tag("div", hostile(session.note[:400]), class_="muted"))
    return tag(
        "tr",
        tag("th", name, tag("dl", *pairs, class_="facts") if pairs else None, scope="row"),
        tag("td", *now),
        tag("td", repeats_of(session), class_="number"),
        tag("td", _listed(broken_rules(session), "none" if session.is_judged else "–")),
        tag("td", _listed([tool_words(use) for use in session.tools], "none recorded")),
    )


def _listed(texts: list[str], nothing: str) -> Html:
    if not texts:
        return tag("span", nothing, class_="muted")
    return tag("ul", *(tag("li", hostile(text[:300])) for text in texts))
