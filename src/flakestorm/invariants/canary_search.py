"""Where a reply may hold a canary, in every disguise: in Python here, compiled in the extension."""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from flakestorm import native
from flakestorm.invariants.canary_letters import PLAIN
from flakestorm.invariants.canary_readings import Reading, as_written, may_be_written, other_readings

if TYPE_CHECKING:
    from flakestorm_rust import CanarySearch

PREFIX = "FS"
"""How canaries begin. The eight letters after it are random, and enough to recognise one."""

ROT13 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "NOPQRSTUVWXYZABCDEFGHIJKLM")
ATBASH = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ZYXWVUTSRQPONMLKJIHGFEDCBA")

Hit = tuple[int, int, str]
"""(start, end, how): a span of the reply in code points, and the form that the canary has there."""


def places(reply: str, core: str) -> list[Hit]:
    """The spans of ``reply`` that hold ``core``, in order, none inside another; see ``spans``."""
    search = _compiled()
    if search is None:
        return spans(reply, core)
    try:
        return search.spans(reply, core)
    except UnicodeEncodeError:
        # Half a character (a lone surrogate) is no text to Rust.
        return spans(reply, core)


@cache
def _compiled() -> CanarySearch | None:
    """The extension's search; what a character looks like, it asks ``PLAIN``."""
    extension = native.extension()
    return None if extension is None else extension.CanarySearch(PLAIN, html.unescape)


def spans(reply: str, core: str) -> list[Hit]:
    """The spans of ``reply`` that may hold ``core`` and how; empty for a canary as it stands.

    ``core`` are the canary's upper-case letters and digits without its prefix. The twin of
    ``CanarySearch.spans`` in the extension.
    """
    wanted = _disguises(core)
    hits: dict[tuple[int, int], str] = {}
    needles = tuple(word.encode("ascii") for word in wanted)
    if may_be_written(reply, needles):
        _search(as_written(reply), wanted, hits)
    for reading in other_readings(reply, needles):
        _search(reading, wanted, hits)
    return [(start, end, how) for (start, end), how in _outermost(hits)]


def _outermost(hits: dict[tuple[int, int], str]) -> Iterator[tuple[tuple[int, int], str]]:
    """The hits in their order, without those inside another: escapes can be read as numbers, too."""
    reached = 0
    for (start, end), how in sorted(hits.items(), key=lambda hit: (hit[0][0], -hit[0][1])):
        if end > reached:
            yield (start, end), how
            reached = end


def _disguises(core: str) -> dict[str, str]:
    """What to look for → how that is written; the plain form wins where two are the same."""
    return {
        core.translate(ATBASH): "Atbash",
        core.translate(ROT13): "ROT13",
        core[::-1]: "reversed",
        core: "",
    }


def _search(reading: Reading, wanted: dict[str, str], hits: dict[tuple[int, int], str]) -> None:
    for word, disguise in wanted.items():
        at = reading.letters.find(word)
        while at >= 0:
            first, last = _with_prefix(reading.letters, at, len(word), disguise)
            span = (reading.spans[first][0], reading.spans[last][1])
            # The reading as written comes first, and what it shows needs no decoding.
            hits.setdefault(span, ", ".join(filter(None, (disguise, reading.how))))
            at = reading.letters.find(word, at + len(word))


def _with_prefix(letters: str, at: int, length: int, disguise: str) -> tuple[int, int]:
    """The first and last letter of the canary, its prefix included if it is there."""
    if disguise == "reversed":
        end = at + length
        return at, end + (1 if letters.startswith(PREFIX[::-1], end) else -1)
    table = {"ROT13": ROT13, "Atbash": ATBASH}.get(disguise, {})
    prefix = PREFIX.translate(table)
    return at - (len(prefix) if letters.endswith(prefix, 0, at) else 0), at + length - 1
