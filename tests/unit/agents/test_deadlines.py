"""Deadlines: each on time, whatever the others do, with one timer between them."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

from flakestorm.agents.deadlines import Deadlines
from flakestorm.agents.http_answer import Answer


class NoFlow:
    """A connection on which nothing ever comes."""

    def pause(self) -> None:
        """See ``Flow``."""

    def resume(self) -> None:
        """See ``Flow``."""

    def done(self, *, keep: bool) -> None:
        """See ``Flow``."""


async def unanswered(deadlines: Deadlines) -> str:
    """What waiting for an answer that never comes ends with."""
    with deadlines.begin() as deadline:
        answer = Answer(NoFlow())
        deadline.watch(answer, is_kept=False)
        try:
            await answer.head()
        except asyncio.TimeoutError:
            return "timeout"
    return "answered"


async def test_each_ends_on_time_and_in_order() -> None:
    """Those that began later end later, though they set no timer of their own."""
    deadlines = Deadlines(0.05)
    loop = asyncio.get_running_loop()
    began, ended = [], []

    async def one(number: int) -> None:
        began.append(loop.time())
        assert await unanswered(deadlines) == "timeout"
        ended.append((number, loop.time()))

    await asyncio.wait_for(asyncio.gather(*map(one, range(5))), 10)
    assert [number for number, _ in ended] == list(range(5))
    assert all(end - begin >= 0.049 for begin, (_, end) in zip(began, ended, strict=True))


async def test_what_was_answered_does_not_hold_up_the_next() -> None:
    """The timer was set for a request that is long over."""
    deadlines = Deadlines(0.05)
    with deadlines.begin():
        pass
    assert await asyncio.wait_for(unanswered(deadlines), 10) == "timeout"


async def test_one_timer_does_for_all() -> None:
    """However many requests there are at once."""
    loop = asyncio.get_running_loop()
    timers: list[Any] = []
    deadlines = Deadlines(60)
    deadlines._loop = Counting(loop, timers)  # type: ignore[assignment] # what it needs of a loop
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(deadlines.begin())
    assert len(timers) == 1
    deadlines.close()
    assert timers[0].cancelled()


class Counting:
    """A loop that remembers the timers it was asked for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timers: list[Any]) -> None:
        self.time = loop.time
        self._loop = loop
        self._timers = timers

    def call_at(self, when: float, callback: Any) -> asyncio.TimerHandle:
        """See asyncio."""
        self._timers.append(self._loop.call_at(when, callback))
        handle: asyncio.TimerHandle = self._timers[-1]
        return handle
