"""Signals that end a run: what has finished is kept, and the process goes on to say so."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from flakestorm.core.assembly import INTERRUPTED
from flakestorm.core.executor import LocalExecutor


@contextmanager
def stopping_on_signals(executor: LocalExecutor) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run cleanly; where a loop cannot take signals, they stay as they were."""
    loop = asyncio.get_running_loop()
    taken = []
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, executor.interrupt, INTERRUPTED)
            taken.append(number)
        except (NotImplementedError, RuntimeError, ValueError):
            break  # Windows, or not in the main thread
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
