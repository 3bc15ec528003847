"""Threads for blocking agent code: one per running call, and none that can keep the program alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class _Job(Future[Any]):
    """A future that says when its caller gives up while it runs: a thread cannot be stopped."""

    def __init__(self, task: Callable[[], Any], give_up: Callable[[_Job], None]) -> None:
        super().__init__()
        self.task = task
        self.ended = False
        self._give_up = give_up

    def cancel(self) -> bool:
        cancelled = super().cancel()
        if not cancelled:
            self._give_up(self)
        return cancelled


class DaemonExecutor(ThreadPoolExecutor):
    """An executor whose threads are daemons, made when all others are busy, and used again.

    A ``ThreadPoolExecutor`` waits for its threads when the program ends, so that one agent that never
    returns would hang it. It is the base class because asyncio takes no other executor as its default;
    nothing of its machinery is used.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self._idle: list[SimpleQueue[_Job | None]] = []
        self._given_up: set[_Job] = set()
        self._guard = threading.Lock()
        self._closed = False

    @property
    def abandoned(self) -> int:
        """How many threads still run something that nobody waits for any more."""
        return len(self._given_up)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run ``fn`` in an idle thread, or in a new one."""
        job = _Job(lambda: fn(*args, **kwargs), self._give_up)
        with self._guard:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(target=self._work, args=(inbox,), name="flakestorm-agent", daemon=True).start()
        inbox.put(job)
        return job

    def shutdown(
        self,
        wait: bool = True,  # noqa: ARG002 - the signature of Executor
        *,
        cancel_futures: bool = False,  # noqa: ARG002 - the signature of Executor
    ) -> None:
        """Let the idle threads end. Busy ones are left alone: waiting for them is what this class avoids."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for inbox in idle:
            inbox.put(None)

    def _give_up(self, job: _Job) -> None:
        with self._guard:
            if not job.ended:
                self._given_up.add(job)

    def _work(self, inbox: SimpleQueue[_Job | None]) -> None:
        while (job := inbox.get()) is not None:
            error: BaseException | None = None
            result: Any = None
            cancelled = not job.set_running_or_notify_cancel()
            if not cancelled:
                result, error = _run(job.task)
            with self._guard:
                job.ended = True
                self._given_up.discard(job)
                # Idle before the caller hears of it: else his next call would start one more thread.
                last = self._closed
                if not last:
                    self._idle.append(inbox)
            if not cancelled:
                _finish(job, result, error)
            if last:
                return
            # An idle thread must not keep the last reply or exception alive.
            del job, result, error


def _run(task: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return task(), None
    except BaseException as error:  # noqa: BLE001 - what agent code raises belongs to its caller
        return None, error


def _finish(job: _Job, result: Any, error: BaseException | None) -> None:
    if error is None:
        job.set_result(result)
    else:
        job.set_exception(error)
