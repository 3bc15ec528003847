"""What a mutation changed, for a terminal: taken away struck through, added in colour."""

from __future__ import annotations

from difflib import SequenceMatcher

from rich.text import Text

from flakestorm.reports.visible import visible

LONGEST_COMPARED = 4000
"""Longer texts are shown without comparing: the comparison takes quadratic time."""


def difference(before: str, after: str, limit: int) -> Text:
    """``after`` with what it has more than ``before`` in green, and what it lacks struck through in red."""
    if len(before) + len(after) > LONGEST_COMPARED:
        return Text(visible(after, limit))
    shown = Text()
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            shown.append(visible(before[a:b], limit))
            continue
        if a < b:
            shown.append(visible(before[a:b], limit), style="red strike")
        if c < d:
            shown.append(visible(after[c:d], limit), style="green")
    return shown
