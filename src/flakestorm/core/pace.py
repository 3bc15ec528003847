"""How fast to go: a rate limit, and fewer trials at once while the agent says that it is too much."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from flakestorm.model.retry_after import wait_s


class Pace:
    """Lets trials through: at most ``concurrency`` at once and ``rate_per_s`` in a second.

    On 429, and on 503 with Retry-After, the limit is halved and everybody waits as long as the agent
    asked (a minute at most); each success then raises it again by a fraction, as TCP does.

    ``prefetch`` says how many more may come through while nothing is throttled, to wait for their turn
    elsewhere.
    """

    def __init__(
        self,
        concurrency: int,
        rate_per_s: float | None = None,
        on_throttle: Callable[[int, float], None] = lambda _limit, _wait: None,
        prefetch: Callable[[], int] = lambda: 0,
    ) -> None:
        self._prefetch = prefetch
        self._most = concurrency
        self._limit = float(concurrency)
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._interval = 1 / rate_per_s if rate_per_s else 0.0
        self._next_slot = 0.0
        self._quiet_until = 0.0
        self._loop = asyncio.get_running_loop()
        self._on_throttle = on_throttle

    async def enter(self) -> None:
        """Wait for a place; every ``enter`` needs one ``leave``."""
        if self._active < self._places():
            self._active += 1
        else:
            await self._queue_up()
        if self._interval or self._quiet_until:
            try:
                await self._wait_for_slot()
            except asyncio.CancelledError:
                self.leave()
                raise

    def _places(self) -> int:
        """How many may be through at once."""
        return int(self._limit) if self._limit < self._most else self._most + self._prefetch()

    async def _queue_up(self) -> None:
        granted: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.leave()
            raise

    async def _wait_for_slot(self) -> None:
        while True:
            now = self._loop.time()
            if self._quiet_until > now:
                await asyncio.sleep(self._quiet_until - now)
                continue
            self._quiet_until = 0.0
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._interval
            if slot > now:
                await asyncio.sleep(slot - now)
            return

    def leave(self) -> None:
        """Give the place back, to those who wait first."""
        self._active -= 1
        while self._waiting and self._active < self._places():
            granted = self._waiting.popleft()
            if not granted.done():
                self._active += 1
                granted.set_result(None)

    def succeeded(self) -> None:
        """A trial came through: allow a little more, if less than everything is allowed."""
        if self._limit < self._most:
            self._limit = min(self._most, self._limit + 1 / self._limit)

    def throttled(self, retry_after_s: float | None) -> None:
        """The agent asked for less."""
        now = self._loop.time()
        wait = wait_s(retry_after_s)
        # Many trials hear the same "no" at once; it counts once.
        if self._quiet_until <= now:
            self._limit = max(1.0, self._limit / 2)
            self._on_throttle(int(self._limit), wait)
        self._quiet_until = max(self._quiet_until, now + wait)
