"""Waiting for an event, but not for ever."""

from __future__ import annotations

import asyncio


async def is_set(event: asyncio.Event, within_s: float) -> bool:
    """Wait for ``event``; whether it came within ``within_s`` seconds."""
    # Not wait_for: before Python 3.12 it can swallow a cancellation.
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({waiting}, timeout=within_s)
    finally:
        waiting.cancel()
    return event.is_set()
