"""Agent code in this process: its deadline, what it raises, how it blocks, and calls that never return."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from flakestorm.agents.in_process import Answer, InProcess
from flakestorm.agents.step_driver import Call
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import ErrorKind, Outcome

LONG_S = 30.0
SHORT_S = 0.05


class Clock:
    """A clock that the test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
async def process() -> AsyncIterator[InProcess]:
    """A place with a deadline that no test reaches."""
    place = InProcess(LONG_S)
    yield place
    await place.aclose()


@pytest.fixture
async def hasty() -> AsyncIterator[InProcess]:
    """A place whose deadline is over soon, and that takes two hanging calls."""
    place = InProcess(SHORT_S, abandoned_limit=2)
    yield place
    await place.aclose()


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets the threads of a test end with it."""
    event = threading.Event()
    yield event
    event.set()


async def test_answer_becomes_the_outcome(process: InProcess) -> None:
    """Reply, earlier replies, latency and time to the first byte are taken over."""

    async def converse(call: Call) -> Answer:
        call.first_byte()
        call.first_byte()
        return Answer("second", ("first",))

    outcome = await process.run(converse)
    assert (outcome.reply, outcome.replies, outcome.error) == ("second", ("first",), None)
    assert outcome.first_byte_ms is not None
    assert 0 <= outcome.first_byte_ms <= outcome.latency_ms


@pytest.mark.parametrize(
    "raised",
    [ValueError("broken"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), StopIteration()],
)
@pytest.mark.parametrize("threaded", [False, True])
async def test_nothing_that_agent_code_raises_gets_out(
    process: InProcess, raised: BaseException, threaded: bool
) -> None:
    """Exceptions, even those that would end flakestorm, are ``EXCEPTION`` with the place in the detail."""

    def fail() -> None:
        raise raised

    async def converse(_: Call) -> Answer:
        if threaded:
            await process.in_thread(fail)
        fail()
        return Answer("")

    outcome = await process.run(converse)
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.EXCEPTION
    assert "in fail" in outcome.error.detail
    assert type(raised).__name__ in outcome.error.message


async def test_context_variables_reach_threads(process: InProcess) -> None:
    """What is set around the call is seen in the thread."""
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("set")

    async def converse(_: Call) -> Answer:
        return Answer(await process.in_thread(variable.get))

    assert (await process.run(converse)).reply == "set"


async def test_hanging_thread_is_a_timeout_and_then_refused(
    hasty: InProcess, release: threading.Event
) -> None:
    """Threads cannot be stopped: they are counted, and when there are too many nothing more is started."""

    async def converse(_: Call) -> Answer:
        await hasty.in_thread(release.wait)
        return Answer("late")

    first, second = await hasty.run(converse), await hasty.run(converse)
    for outcome in (first, second):
        assert outcome.error is not None
        assert outcome.error.kind is ErrorKind.TIMEOUT
        assert outcome.error.message == "no reply within 0.05 s"
        assert outcome.latency_ms >= SHORT_S * 1000 * 0.9
    assert hasty.abandoned == 2
    refused = await hasty.run(converse)
    assert refused.error is not None
    assert refused.error.kind is ErrorKind.REFUSED
    assert "2 earlier calls" in refused.error.message


async def test_coroutine_that_swallows_its_cancellation_is_dropped(hasty: InProcess) -> None:
    """A call that cannot be cancelled is counted, and gone after ``aclose``."""
    cancelled = asyncio.Event()

    async def converse(_: Call) -> Answer:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()

    outcome = await hasty.run(converse)
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.TIMEOUT
    await asyncio.wait_for(cancelled.wait(), LONG_S)
    assert hasty.abandoned == 1
    await hasty.aclose()
    assert hasty.abandoned == 0


async def test_coroutine_that_ends_on_cancellation_is_not_counted(hasty: InProcess) -> None:
    """The usual coroutine is over as soon as it is cancelled."""

    async def converse(_: Call) -> Answer:
        await asyncio.Event().wait()
        return Answer("never")

    await hasty.run(converse)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert hasty.abandoned == 0


async def test_cancelling_the_caller_cancels_the_agent(process: InProcess) -> None:
    """When flakestorm stops, the agent's coroutine hears of it."""
    heard = asyncio.Event()
    started = asyncio.Event()

    async def converse(_: Call) -> Answer:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            heard.set()
        return Answer("never")

    task = asyncio.create_task(process.run(converse))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(heard.wait(), LONG_S)


async def test_own_timeouts_of_the_agent_work(process: InProcess) -> None:
    """``wait_for`` inside the agent, which cancels and catches, is not disturbed."""

    async def converse(_: Call) -> Answer:
        for _attempt in range(3):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        return Answer("went on")

    assert (await process.run(converse)).reply == "went on"


async def blocked(place: InProcess, clock: Clock, seconds: float, trial_id: str = "") -> Outcome:
    """The outcome of a call that blocks the loop for so long."""

    async def converse(_: Call) -> Answer:
        clock.now += seconds
        await asyncio.sleep(0)
        return Answer("done")

    return await place.run(converse, trial_id)


async def test_blocking_the_loop_is_a_finding_once() -> None:
    """The longest time between two awaits is measured; the first one over half a second is told."""
    clock = Clock()
    place = InProcess(LONG_S, clock)
    found: list[Finding] = []
    place.on_finding = found.append
    await blocked(place, clock, 0.4, "quick")
    assert found == []
    await blocked(place, clock, 0.7, "slow")
    await blocked(place, clock, 0.8, "slower")
    assert [finding.trials for finding in found] == [("slow",)]
    assert found[0].kind == "agent_blocks_loop"
    assert "0.7 s without an await" in found[0].title
    await place.aclose()


async def test_blocking_explains_a_timeout() -> None:
    """A call that timed out after it blocked says so in its detail; nobody needs to listen to findings."""
    clock = Clock()
    place = InProcess(SHORT_S, clock)

    async def converse(_: Call) -> Answer:
        clock.now += 2.0
        await asyncio.Event().wait()
        return Answer("never")

    outcome = await place.run(converse)
    assert outcome.error is not None
    assert outcome.error.detail.startswith("It blocked the event loop for 2.0 s.")
    await place.aclose()
