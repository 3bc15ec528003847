"""Writes the tables of faults.md: ``python docs/generate_fault_tables.py``.

They stand between markers; all else on the page is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from flakestorm.chaos.catalogue import Entry, catalogue
from flakestorm.chaos.explanations import CONDITIONS, OPTIONS

PAGE = Path(__file__).with_name("faults.md")
KINDS = ("llm fault", "tool fault", "context attack", "profile")


def filled(page: str) -> str:
    """``page`` with the text between each pair of markers made anew."""
    entries = catalogue()
    tables = {kind: _table(kind, [entry for entry in entries if entry.kind == kind]) for kind in KINDS}
    tables |= {"options": _pairs("option", OPTIONS), "conditions": _pairs("condition", CONDITIONS)}

    def table(match: re.Match[str]) -> str:
        return f"{match[1]}\n{tables[match[2]]}\n{match[3]}"

    return re.sub(r"(<!-- begin (.+?) -->).*?(<!-- end -->)", table, page, flags=re.DOTALL)


def _table(kind: str, entries: Iterable[Entry]) -> str:
    if kind == "profile":
        rows = [(f"`{entry.name}`", entry.does, ", ".join(entry.faults)) for entry in entries]
        return _rows(("profile", "what it stands for", "faults"), rows)
    rows = [
        (
            f"`{entry.name}`",
            entry.group,
            " ".join(filter(None, (entry.does, _statuses(entry)))),
            entry.sees,
            ", ".join(f"`{option}`" for option in entry.options) or "–",
        )
        for entry in entries
    ]
    name = "type" if kind == "context attack" else "mode"
    return _rows((name, "place", "what happens", "what the agent sees", "options"), rows)


def _statuses(entry: Entry) -> str:
    """The status once where all providers have the same, else by provider."""
    found = dict(entry.statuses)
    if not found:
        return ""
    if len(found) == 5 and len(set(found.values())) == 1:
        return f"Status {next(iter(found.values()))}."
    told = ", ".join(f"{provider} {status}" for provider, status in found.items())
    return f"Status: {told}."


def _pairs(what: str, meanings: dict[str, str]) -> str:
    return _rows((what, "meaning"), [(f"`{name}`", meaning) for name, meaning in meanings.items()])


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
