"""A minimal failing input with its guilty part marked by brackets, so that no colour is needed to see it."""

from __future__ import annotations

from rich.text import Text

from flakestorm.model.minimal import Minimal
from flakestorm.reports.visible import visible

OPENING, CLOSING = "⟦", "⟧"
STYLE = "bold red"


def marked(minimal: Minimal, limit: int) -> Text:
    """``minimal.text`` on one line of about ``limit`` characters; ``⟦⟧`` stands where something is missing.

    What lies far from the guilty part is cut first.
    """
    text, done, shown = minimal.text, 0, Text()
    spans = _joined(minimal.guilty)
    # At least a readable piece of each, however many there are.
    share = max(8, limit // (len(spans) + 1))
    for start, end in spans:
        shown.append(_near(text[done:start], share, left=done > 0))
        shown.append(f"{OPENING}{visible(text[start:end], share)}{CLOSING}", STYLE)
        done = end
    rest = text[done:]
    shown.append(visible(rest, share) if len(rest) <= share else f"{visible(rest[: share - 1], share)}…")
    return shown


def evidence_of(minimal: Minimal) -> str:
    """How sure it is, and what it took."""
    calls = f"{minimal.calls} {'call' if minimal.calls == 1 else 'calls'}"
    again = f"sent again, it failed {minimal.failed} of {minimal.tries} times"
    return f"smallest input found in {calls}; {again}" if minimal.confirmed else f"flaky: {again} ({calls})"


def _joined(spans: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _near(text: str, share: int, left: bool) -> str:
    """What stands before a guilty part; with another one on the ``left`` both ends stay."""
    if left or len(text) <= share:
        return visible(text, share)
    return f"…{visible(text[-share:], share)}"
