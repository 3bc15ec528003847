"""Hostile text as HTML: escaped, isolated, cut to a readable length, with nothing invisible left in it."""

from __future__ import annotations

from collections.abc import Iterable

from flakestorm.reports.hidden import pieces
from flakestorm.reports.html_difference import Piece
from flakestorm.reports.markup import Content, Html, join, tag

SHOWN = 1_500
"""Characters of one text on the static part of the page; the drawer shows the rest."""
AROUND = 500
"""Characters kept on either side of what a shortened text is shown for."""


def hostile(text: str, *, mark_lines: bool = False) -> Html:
    """``text`` in a ``<bdi>``; hidden characters appear as their names, with ``⏎`` when ``mark_lines``."""
    return tag("bdi", *_visible(text, mark_lines))


def _visible(text: str, mark_lines: bool) -> Iterable[Content]:
    for piece, count in pieces(text):
        if not count:
            yield piece
        elif piece == "⏎":
            yield (tag("span", "⏎" * min(count, 20), class_="hidden-char") if mark_lines else None)
            yield "\n" * min(count, 20)
        else:
            yield _hidden(piece, count)


def _hidden(name: str, count: int) -> Html:
    times = f"×{count}" if count > 1 else ""
    return tag("span", name + times, class_="hidden-char")


def spaced(text: str) -> str:
    """``text`` with its spaces as ``␣`` where they would go unseen: at an end, or several in a row.

    The open box stands in most fonts; U+2420, the picture of a space, does not.
    """
    inner = text.strip(" ")
    start = len(text) - len(text.lstrip(" "))
    return "␣" * start + inner.replace("  ", "␣␣") + "␣" * (len(text) - start - len(inner))


def difference(found: list[Piece]) -> Html:
    """Kept, ``<del>`` and ``<ins>`` pieces; long kept ones are shortened in the middle."""
    shown: list[Content] = []
    for position, (kind, text) in enumerate(found):
        if kind == "=":
            shown.append(hostile(_shortened(text, position > 0, position < len(found) - 1)))
        else:
            name = "del" if kind == "-" else "ins"
            shown.append(tag(name, hostile(spaced(_cut(text)), mark_lines=True)))
    return join(shown)


def evidence(text: str, spans: Iterable[tuple[int, int]]) -> Html:
    """``text`` with ``spans`` (code points) in ``<mark>``, shortened to the surroundings of the first."""
    ordered = _disjoint(spans, len(text))
    if not ordered:
        return hostile(_cut(text))
    first = max(0, ordered[0][0] - AROUND)
    last = min(len(text), first + SHOWN)
    shown: list[Content] = ["…" if first else None]
    done = first
    for start, end in ordered:
        if start >= last:
            break
        stop = min(end, last)
        shown += [hostile(text[done:start]), tag("mark", hostile(text[start:stop], mark_lines=True))]
        done = stop
    shown += [hostile(text[done:last]), _more(len(text) - last)]
    return join(shown)


def _disjoint(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Spans in order, inside the text, without overlaps."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        after = max(start, found[-1][1] if found else 0)
        if after < min(end, length):
            found.append((after, min(end, length)))
    return found


def _shortened(text: str, left: bool, right: bool) -> str:
    """A kept piece with changes to its ``left`` and ``right``: only what lies near them."""
    if len(text) <= 2 * AROUND:
        return text
    head, tail = (text[:AROUND] if left else ""), (text[-AROUND:] if right else "")
    if not left and not right:
        return _cut(text)
    return f"{head} … {tail}"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} … ({len(text) - SHOWN:,} characters more)"


def _more(count: int) -> str | None:
    return f" … ({count:,} characters more)" if count > 0 else None
