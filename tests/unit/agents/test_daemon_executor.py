"""The executor of blocking agent code: threads are reused, are daemons, and abandoned ones are counted."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, wait
from queue import SimpleQueue

import pytest

from flakestorm.agents.daemon_executor import DaemonExecutor, _Job

WAIT_S = 20


def test_results_exceptions_and_arguments() -> None:
    """Arguments go in, results and exceptions come out; even those that end programs."""
    executor = DaemonExecutor()
    assert executor.submit(lambda a, b: a + b, 1, b=2).result(WAIT_S) == 3
    assert isinstance(executor.submit(lambda: 1 / 0).exception(WAIT_S), ZeroDivisionError)

    def leave() -> None:
        raise SystemExit(3)

    assert isinstance(executor.submit(leave).exception(WAIT_S), SystemExit)
    executor.shutdown()


def test_one_thread_serves_calls_made_one_after_the_other() -> None:
    """A thread is idle again before its caller hears of the result."""
    executor = DaemonExecutor()
    threads = {executor.submit(threading.current_thread).result(WAIT_S) for _ in range(200)}
    assert len(threads) == 1
    assert threads.pop().daemon
    executor.shutdown()


def test_as_many_threads_as_calls_at_a_time() -> None:
    """Calls that wait for each other all run at once."""
    executor = DaemonExecutor()
    together = threading.Barrier(20)
    jobs = [executor.submit(together.wait, WAIT_S) for _ in range(20)]
    assert sorted(job.result(WAIT_S) for job in jobs) == list(range(20))
    executor.shutdown()


def test_giving_up_a_running_call_counts_until_it_ends() -> None:
    """``abandoned`` rises when a running call is cancelled, and falls when it returns after all."""
    executor = DaemonExecutor()
    started, release = threading.Event(), threading.Event()

    def hang() -> None:
        started.set()
        release.wait(WAIT_S)

    job = executor.submit(hang)
    assert started.wait(WAIT_S)
    assert not job.cancel()
    assert executor.abandoned == 1
    release.set()
    wait([job], WAIT_S)
    assert executor.abandoned == 0
    assert not job.cancel()
    assert executor.abandoned == 0
    executor.shutdown()


def test_call_cancelled_before_it_started_is_not_run() -> None:
    """A call that is cancelled before its thread has taken it up is dropped, and the thread goes on."""
    executor = DaemonExecutor()
    ran: list[int] = []
    job = _Job(lambda: ran.append(1), executor._give_up)
    assert job.cancel()
    inbox: SimpleQueue[_Job | None] = SimpleQueue()
    inbox.put(job)
    inbox.put(None)
    executor._work(inbox)
    with pytest.raises(CancelledError):
        job.result(0)
    assert ran == []


def test_shutdown_ends_idle_threads_and_leaves_busy_ones() -> None:
    """Idle threads end at once; a busy one ends after its call; new calls still work."""
    executor = DaemonExecutor()
    idle = executor.submit(threading.current_thread).result(WAIT_S)
    started, release = threading.Event(), threading.Event()

    def hang() -> threading.Thread:
        started.set()
        release.wait(WAIT_S)
        return threading.current_thread()

    busy = executor.submit(hang)
    assert started.wait(WAIT_S)
    assert executor.submit(lambda: 5).result(WAIT_S) == 5
    executor.shutdown()
    release.set()
    busy.result(WAIT_S).join(WAIT_S)
    idle.join(WAIT_S)
    assert not busy.result().is_alive()
    assert not idle.is_alive()
    assert executor.submit(lambda: 6).result(WAIT_S) == 6
