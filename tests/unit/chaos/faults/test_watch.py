"""Proof of injection for streams: what counts as a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from flakestorm.chaos.effect import Ending, Pause, Step
from flakestorm.chaos.faults.watch import Watched


class Scripted:
    """A shaper that answers each piece with what the script says."""

    def __init__(self, steps: list[list[Step]], end: list[Step]) -> None:
        self._steps = iter(steps)
        self._end = end

    def feed(self, data: bytes) -> Iterable[Step]:
        """The next entry of the script."""
        return next(self._steps)

    def finish(self) -> Iterator[Step]:
        """The end of the script."""
        yield from self._end


@pytest.mark.parametrize(
    ("steps", "end", "changed"),
    [
        ([[b"ab"], [b"cd"]], [], False),
        ([[], [b"abc"]], [b"d"], False),
        ([[], []], [b"abcd"], False),
        ([[b"a", b"b"], [b"c", b"d"]], [], False),
        ([[b"ab"], [b"cX"]], [], True),
        ([[b"ab"], []], [], True),
        ([[b"abc"], [b"d"]], [], True),
        ([[b"ab"], [b"cd"]], [b"!"], True),
        ([[Pause(1), b"ab"], [b"cd"]], [], True),
        ([[b"ab"], [Ending.CLEAN]], [], True),
    ],
)
def test_changes(steps: list[list[Step]], end: list[Step], changed: bool) -> None:
    """Other bytes, missing ones, more, pauses and early ends; other pieces of the same bytes are none."""
    told: list[int] = []
    watched = Watched(Scripted(steps, end), lambda: told.append(1))
    passed = [*watched.feed(b"ab"), *watched.feed(b"cd"), *watched.finish()]
    assert passed == [step for part in (*steps, end) for step in part]
    assert len(told) == changed
