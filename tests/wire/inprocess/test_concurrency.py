"""Many trials at once: each sees its own faults, in tasks, in threads and in thread pools."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import httpx
import openai
import pytest
import requests

from flakestorm.chaos.effect import NOTHING, Answer, Effect
from flakestorm.chaos.inprocess.reach import Reach
from flakestorm.chaos.request import CallRequest
from flakestorm.model.outcome import Call
from flakestorm.testing import ScriptedLLM

TRIALS = 50


def _own(number: int) -> Effect:
    """Every other trial has a fault, with the trial's number in it."""
    if number % 2:
        return NOTHING
    return Effect((f"fault-{number}",), answer=Answer(400 + number, (), f'{{"mine": {number}}}'.encode()))


def _check(number: int, status: int, calls: tuple[Call, ...]) -> None:
    [call] = calls
    disturbed = number % 2 == 0
    assert status == (400 + number if disturbed else 200)
    assert (call.status, call.fired) == (status, (f"fault-{number}",) if disturbed else ())


async def test_tasks_see_their_own_faults(llm: ScriptedLLM, reach: Reach, trial: Callable[..., Any]) -> None:
    """Fifty async agents share one client."""
    async with openai.AsyncOpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
        bodies: dict[int, Any] = {}

        async def agent(number: int) -> None:
            with trial(_own(number), str(number)) as traffic:
                try:
                    await client.responses.create(model="m", input=str(number))
                    status = 200
                except openai.APIStatusError as error:
                    status = error.status_code
                    bodies[number] = error.body
            _check(number, status, traffic.calls())

        await asyncio.gather(*map(agent, range(TRIALS)))

    assert bodies == {number: {"mine": number} for number in range(0, TRIALS, 2)}
    assert reach.seen == {"httpx2": TRIALS}
    assert len(llm.requests) == TRIALS // 2


async def test_threads_see_their_own_faults(
    llm: ScriptedLLM, reach: Reach, trial: Callable[..., Any]
) -> None:
    """Fifty blocking agents in threads, as flakestorm and asyncio start them."""

    def post(number: int) -> int:
        body = {"model": "m", "messages": [{"role": "user", "content": str(number)}]}
        return requests.post(f"{llm.openai_url}/chat/completions", json=body, timeout=20).status_code

    async def agent(number: int) -> None:
        with trial(_own(number), str(number)) as traffic:
            status = await asyncio.to_thread(post, number)
        _check(number, status, traffic.calls())

    await asyncio.gather(*map(agent, range(TRIALS)))

    assert reach.seen == {"urllib3": TRIALS}


async def test_shared_pool_serves_each_trial(
    llm: ScriptedLLM, reach: Reach, trial: Callable[..., Any]
) -> None:
    """Trials that hand work to one thread pool, whose threads outlive them, do not meet there."""
    with ThreadPoolExecutor(max_workers=3) as pool, httpx.Client() as client:

        def get() -> int:
            return client.get(f"{llm.openai_url}/models").status_code

        async def agent(number: int) -> None:
            with trial(_own(number), str(number)) as traffic:
                direct = pool.submit(get)
                status = await asyncio.wrap_future(direct)
                again = await asyncio.get_running_loop().run_in_executor(pool, get)
            assert again == status
            first, second = traffic.calls()
            _check(number, status, (first,))
            _check(number, status, (second,))

        await asyncio.gather(*map(agent, range(TRIALS)))
        outside = await asyncio.get_running_loop().run_in_executor(pool, get)

    assert outside == 200
    assert reach.seen == {"httpx": 2 * TRIALS}
    assert reach.strays == {"httpx": 1}


@pytest.mark.parametrize("carried", [False, True])
async def test_bare_thread_is_noticed(
    carried: bool, llm: ScriptedLLM, reach: Reach, trial: Callable[..., Any]
) -> None:
    """A thread without the context is none of the trial's, and is counted; with the context it is."""
    statuses = []

    def get() -> None:
        statuses.append(httpx.get(f"{llm.openai_url}/models").status_code)

    with trial(_own(0)) as traffic:
        target = copy_context().run if carried else (lambda function: function())
        thread = threading.Thread(target=target, args=(get,))
        thread.start()
        await asyncio.to_thread(thread.join)

    assert statuses == [400 if carried else 200]
    assert len(traffic.calls()) == (1 if carried else 0)
    assert reach.strays == ({} if carried else {"httpx": 1})
    assert ("do not know their trial" in reach.missing({"llm"})) != carried


async def test_end_of_trial_ends_hung_threads(
    llm: ScriptedLLM, reach: Reach, trial: Callable[..., Any]
) -> None:
    """A thread that hangs for a minute, because its client has no timeout, is let go with its trial."""
    raised = []
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Hang:
        def effect(self, request: CallRequest) -> Effect:
            loop.call_soon_threadsafe(begun.set)
            return Effect(("timeout",), connection="hang", hang_ms=60_000)

        def ended(self, effect: Effect) -> None:
            """Nothing to add."""

    def get() -> None:
        try:
            httpx.get(f"{llm.openai_url}/models", timeout=None)
        except httpx.HTTPError as error:
            raised.append(type(error))

    with trial(faults=Hang()) as traffic:
        thread = threading.Thread(target=copy_context().run, args=(get,))
        thread.start()
        await asyncio.wait_for(begun.wait(), 10)
        with traffic._lock:
            """The effect is decided under this lock; now the call is open."""
        [call] = traffic.calls()
        await asyncio.to_thread(thread.join, 10)

    assert not thread.is_alive()
    assert call.ended == "open"
    assert raised == [httpx.ReadError]
