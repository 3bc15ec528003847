"""The writer thread: commits wait for company, but never while a whole batch is waiting for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flakestorm.model.record import TrialRecord
from flakestorm.store.writer import BATCH, Writer

MakeRecord = Callable[..., TrialRecord]


class Waits(threading.Event):
    """Counts how often somebody waits for company, and lets nobody wait."""

    count = 0

    def wait(self, timeout: float | None = None) -> bool:
        """See ``threading.Event``."""
        self.count += 1
        return False


class Held:
    """A disk whose first commit takes until it is ``released``; ``sizes`` are those of the commits."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.released = threading.Event()
        self.sizes: list[int] = []

    def append(self, rows: Sequence[Any]) -> None:
        """See ``RunFile``."""
        self.entered.set()
        self.released.wait(30)
        self.sizes.append(len(rows))


async def test_a_backlog_is_not_waited_upon(make_record: MakeRecord) -> None:
    """Where trials end faster than batches are due, records would pile up in memory."""
    disk = Held()
    writer = Writer(disk, lambda _: None)  # type: ignore[arg-type] # what it needs of a run
    writer._hurry = waits = Waits()
    record = make_record()
    writer.put(record)
    assert disk.entered.wait(30)
    before = waits.count
    for _ in range(3 * BATCH):
        writer.put(record)
    disk.released.set()
    await writer.aclose()
    assert sum(disk.sizes) == 1 + 3 * BATCH
    assert waits.count - before <= 1
