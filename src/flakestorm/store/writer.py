"""Group commit: many trials finish at once, one fsync makes them all durable, then they are announced."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from time import perf_counter

from flakestorm.model.record import TrialRecord
from flakestorm.store.run_file import Row, RunFile, json_bytes

BATCH = 512
"""At most this many records in one commit, so that the announcement never waits long."""

WINDOW_S = 0.06
"""How long a commit waits for company. A commit costs as much as storing a hundred records, and a thread
that commits all the time keeps the event loop from running."""


class Writer:
    """Stores records from a thread of its own.

    ``announce`` is called on the event loop with each batch once it is on disk, in the order of arrival.
    ``offset`` is the run's age in seconds when this writer starts (a resumed run has one).
    After a failed write every ``flush`` raises that error.
    """

    def __init__(
        self,
        run: RunFile,
        announce: Callable[[Sequence[TrialRecord]], None],
        offset: float = 0.0,
    ) -> None:
        self._run = run
        self._announce = announce
        self._start = perf_counter() - offset
        self._queue: queue.SimpleQueue[TrialRecord | asyncio.Future[None] | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._loop = asyncio.get_running_loop()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="flakestorm-store", daemon=True)
        self._thread.start()

    def put(self, record: TrialRecord) -> None:
        """Hand a record over; it is announced when it is durable."""
        self._queue.put(record)

    async def flush(self) -> None:
        """Wait until everything handed over so far is durable and announced. Raises what writing raised."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(done)
        self._hurry.set()
        await done
        self._hurry.clear()
        if self.error is not None:
            raise self.error

    async def aclose(self) -> None:
        """Flush, and end the thread. Raises what writing raised."""
        try:
            await self.flush()
        finally:
            self._queue.put(None)
            self._hurry.set()
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while True:
            items = self._collect()
            records = [item for item in items if isinstance(item, TrialRecord)]
            if records and self.error is None:
                self._store(records)
            for item in items:
                if isinstance(item, asyncio.Future):
                    self._loop.call_soon_threadsafe(_settle, item)
            if None in items:
                return

    def _collect(self) -> list[TrialRecord | asyncio.Future[None] | None]:
        """What to commit together: all that arrives within the window, or until somebody waits for it."""
        items = [self._queue.get()]
        # With a batch at hand already, waiting would only let records pile up.
        if isinstance(items[0], TrialRecord) and self._queue.qsize() < BATCH:
            self._hurry.wait(WINDOW_S)
        while len(items) < BATCH and not self._queue.empty():
            items.append(self._queue.get())
        return items

    def _store(self, records: list[TrialRecord]) -> None:
        at = perf_counter() - self._start
        try:
            self._run.append([self._row(record, at) for record in records])
        except Exception as error:  # noqa: BLE001 - it belongs to the waiting side, which raises it
            self.error = error
        else:
            self._loop.call_soon_threadsafe(self._announce, records)

    def _row(self, record: TrialRecord, at: float) -> Row:
        trial = record.trial
        type_ = trial.mutation.type if trial.mutation else ""
        return trial.id, trial.is_control, record.status.value, type_, at, json_bytes(record.to_dict())


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
