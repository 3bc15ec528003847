"""The last lines of a process's output, however it is cut into pieces."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.agents.recent_lines import RecentLines


@settings(max_examples=60)
@given(st.lists(st.text("ab\n", max_size=12), max_size=8))
def test_pieces_do_not_matter(pieces: list[str]) -> None:
    """The lines are the same as if all had come at once."""
    cut, whole = RecentLines(), RecentLines()
    for piece in pieces:
        cut.add(1, piece.encode())
    whole.add(1, "".join(pieces).encode())
    assert cut.text() == whole.text() == "".join(pieces).strip()


def test_only_the_last_lines_are_kept() -> None:
    """Old lines go, long lines are cut, with and without their end."""
    lines = RecentLines(lines=3, width=5)
    lines.add(1, b"1\n2\n3\n4\n1234567\n123")
    lines.add(1, b"4567")
    assert lines.text() == "3\n4\n12345\n12345"
    assert lines.text(3) == "4\n12345\n12345"
    assert lines.text(1) == "12345"


def test_what_is_not_utf8_is_replaced() -> None:
    """Any bytes can be shown."""
    lines = RecentLines()
    lines.add(1, b"bad \xff byte\n")
    assert lines.text() == "bad \ufffd byte"
