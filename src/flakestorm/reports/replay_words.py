"""What a replayed session shows, in words that all reports share."""

from __future__ import annotations

from flakestorm.model.replay import SessionResult, ToolUse
from flakestorm.model.verdict import VerdictStatus


def broken_rules(session: SessionResult) -> list[str]:
    """Each rule that failed, with what it says."""
    return [
        f"{verdict.invariant}: {verdict.detail or 'broken'}"
        for verdict in session.verdicts
        if verdict.status is VerdictStatus.FAILED
    ]


def tool_words(use: ToolUse) -> str:
    """``lookup_order: 1 of 2 recorded answers used`` and what else there is to say of it."""
    if not use.recorded:
        times = "once" if use.calls == 1 else f"{use.calls:,} times"
        return f"{use.tool}: called {times}, nothing recorded, so the real tool answered"
    again = f", the last one {use.calls - use.recorded:,} more times" if use.calls > use.recorded else ""
    return f"{use.tool}: {use.used:,} of {use.recorded:,} recorded answers used{again}"


def told_of(session: SessionResult) -> list[tuple[str, str]]:
    """(name, text) pairs: what went wrong then and now, and what became of the recorded answers."""
    rows = [("recorded", session.terms.expected_failure)] if session.terms.expected_failure else []
    rows += [("broken", rule) for rule in broken_rules(session)]
    if session.note:
        rows.append(("why", session.note))
    rows += [("tool", tool_words(use)) for use in session.tools]
    return rows


def repeats_of(session: SessionResult) -> str:
    """``2 of 3`` judged repeats that passed; a dash where nothing was judged."""
    judged = session.passed + session.failed
    return f"{session.passed:,} of {judged:,}" if judged else "–"
