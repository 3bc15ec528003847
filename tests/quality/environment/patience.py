"""A timeout in steps of the event loop: a busy machine must not look like a slow model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
STEP_S = 0.1


async def within(seconds: float | None, waiting: Awaitable[T]) -> T:
    """What ``waiting`` gives in that time, None being for ever. Raises ``asyncio.TimeoutError``.

    A step in which the loop was late counts as one all the same.
    """
    task = asyncio.ensure_future(waiting)
    try:
        if seconds is None:
            return await task
        for _ in range(round(seconds / STEP_S)):
            done, _ = await asyncio.wait({task}, timeout=STEP_S)
            if done:
                return task.result()
        raise asyncio.TimeoutError
    finally:
        # Also where it failed while this was cancelled: nobody else asks for its exception.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
