"""When requests have to be answered, with one timer for all of them."""

from __future__ import annotations

import asyncio

from flakestorm.agents.http_answer import Answer


class Deadlines:
    """The deadlines of requests that all have the same timeout: whichever began first is over first.

    So one timer does for all, and it is set again only when it goes off. Most requests are answered long
    before, and setting one for each would be a thirtieth of the time that a request takes here.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._running: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """A deadline from now on."""
        deadline = Deadline(self, self._loop.time() + self._timeout_s)
        self._running[deadline] = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline.at, self._expire)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Nobody waits for it any more."""
        self._running.pop(deadline, None)

    def left(self, deadline: Deadline) -> float:
        """Seconds."""
        return max(0.0, deadline.at - self._loop.time())

    def close(self) -> None:
        """None of them will be over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        for deadline in list(self._running):
            if self.left(deadline):
                self._timer = self._loop.call_at(deadline.at, self._expire)
                return
            self.end(deadline)
            deadline.expire()


class Deadline:
    """Ends what an exchange waits for when its time is over, and lets go of its answer at the end.

    ``at`` is by the clock of the event loop.
    """

    def __init__(self, owner: Deadlines, at: float) -> None:
        self.at = at
        self._owner = owner
        self._answer: Answer | None = None
        self._is_kept = False

    def __enter__(self) -> Deadline:
        return self

    def __exit__(self, *_: object) -> None:
        self._owner.end(self)
        if self._answer is not None:
            self._answer.close()

    @property
    def is_stale(self) -> bool:
        """Whether the last request went out on a kept connection and nothing came back."""
        return self._is_kept and self._answer is not None and not self._answer.has_begun

    def left(self) -> float:
        """Seconds."""
        return self._owner.left(self)

    def watch(self, answer: Answer, is_kept: bool) -> None:
        """This is waited for now; what was waited for before is no longer wanted."""
        if self._answer is not None:
            self._answer.close()
        self._answer, self._is_kept = answer, is_kept
        if not self.left():
            self.expire()

    def expire(self) -> None:
        """The time is over."""
        if self._answer is not None:
            self._answer.fail(asyncio.TimeoutError())
