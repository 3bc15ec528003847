"""The driver of agent coroutines awaits exactly as ``await`` does, until a call is given up."""

from __future__ import annotations

import asyncio

import pytest

from flakestorm.agents.step_driver import Call, driven


async def test_values_and_exceptions_pass() -> None:
    """Results of awaits get in, exceptions of awaits can be caught, results and exceptions get out."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0)
        except asyncio.TimeoutError:
            return await future + 1
        return 0

    future.set_result(41)
    assert await driven(work(), Call()) == 42

    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError("x")

    with pytest.raises(KeyError):
        await driven(fail(), Call())


async def test_cancellation_may_be_swallowed_while_the_call_counts() -> None:
    """Cancel scopes cancel their own task many times over: that is the agent's business."""
    swallowed: list[int] = []
    ready = asyncio.Event()

    async def work() -> str:
        while len(swallowed) < 3:
            try:
                ready.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(1)
        return "done"

    task = asyncio.ensure_future(drive(work(), Call()))
    for _ in range(3):
        await ready.wait()
        ready.clear()
        task.cancel()
        await asyncio.sleep(0)
    assert await task == "done"


async def test_given_up_call_is_dropped_at_the_second_cancellation() -> None:
    """Even a coroutine that refuses to be closed ends then."""
    ready = asyncio.Event()
    seen: list[str] = []

    async def work() -> str:
        while True:
            try:
                ready.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append("cancelled")
            except GeneratorExit:
                seen.append("closed")
                raise RuntimeError("refuses") from None

    call = Call(given_up=True)
    task = asyncio.ensure_future(drive(work(), call))
    for _ in range(2):
        await ready.wait()
        ready.clear()
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled", "closed"]


def test_closing_the_driver_closes_the_coroutine() -> None:
    """A driver that is collected unfinished lets the coroutine clean up."""
    closed: list[int] = []

    async def work() -> None:
        try:
            await never()
        finally:
            closed.append(1)

    driver = drive(work(), Call())
    driver.send(None)
    driver.close()
    assert closed == [1]


class never:  # noqa: N801 - reads as a verb where it is awaited
    """Something to await that never comes."""

    def __await__(self):  # type: ignore[no-untyped-def]  # the protocol of the interpreter
        yield None


async def drive(coroutine, call):  # type: ignore[no-untyped-def]  # passes any coroutine through
    """``driven`` as a coroutine, which tasks need."""
    return await driven(coroutine, call)
