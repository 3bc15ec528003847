"""Requests that leave through processes of their own: the same outcomes, and nothing lost when one dies."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
from aiohttp import web

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.open import open_agent
from flakestorm.agents.outsourced import OutsourcedAgent, outsourced, senders_for
from flakestorm.agents.port import Request
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.model.errors import WorkError
from flakestorm.model.outcome import ErrorKind
from flakestorm.store.runs import RunFolder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sender processes need POSIX pipes")

PROMPTS = ("where is my order", "say 500", "drop me", "hang on")


class Served:
    """An agent that echoes, fails, drops the connection or hangs, as the prompt says.

    ``gate`` is what answers to "wait" wait for; ``at_once`` says how many of these there were at once.
    """

    def __init__(self) -> None:
        self.url = ""
        self.gate = asyncio.Event()
        self.waiting = asyncio.Semaphore(0)
        self.inside = self.at_once = 0
        self.times: list[float] = []
        self.trials: list[str] = []
        self.hanging = asyncio.Event()
        self.left = asyncio.Event()
        self.refused = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """One invocation."""
        text = (await request.json())["input"]
        self.trials.append(request.headers["x-flakestorm-trial"])
        self.times.append(monotonic())
        if "wait" in text:
            self.inside += 1
            self.at_once = max(self.at_once, self.inside)
            self.waiting.release()
            await self.gate.wait()
            self.inside -= 1
        if "busy" in text and len(self.trials) == 1:
            self.refused.set()
            return web.json_response({}, status=429, headers={"Retry-After": "0.3"})
        if "soon" in text:
            await self.refused.wait()
            return web.json_response({}, status=429, headers={"Retry-After": "0.01"})
        if "500" in text:
            return web.json_response({"output": "plausible"}, status=500)
        if "drop" in text and request.transport is not None:
            request.transport.close()
        if "hang" in text:
            self.hanging.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()
        return web.json_response({"output": f"echo: {text}"})


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """The agent on a port of this machine."""
    agent = Served()
    app = web.Application()
    app.router.add_post("/", agent.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    agent.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield agent
    await runner.cleanup()


async def ready(agent: OutsourcedAgent) -> None:
    """Wait until the sender processes take requests."""
    await asyncio.wait_for(asyncio.gather(*(sender.started.wait() for sender in agent._senders)), 30)


@asynccontextmanager
async def sending(
    served: Served, processes: int = 1, most: int = 200, timeout: int = 5000
) -> AsyncIterator[OutsourcedAgent]:
    """The agent, as sender processes that take requests reach it."""
    config = AgentConfig(endpoint=served.url, timeout=timeout)
    async with (
        open_agent(config, lambda _: None) as local,
        outsourced(local, config, processes, most) as agent,
    ):
        await ready(agent)
        yield agent


async def test_outcomes_are_those_of_this_process(served: Served) -> None:
    """Reply, status error and lost connection look the same from both; the trial's id goes along."""
    async with sending(served) as agent:
        for text in PROMPTS[:3]:
            here, there = (
                await agent._agent.send(Request((text,), "a")),
                await agent.send(Request((text,), "b")),
            )
            assert (there.reply, there.status, there.error) == (here.reply, here.status, here.error)
        assert {"a", "b"} == set(served.trials)
        many = await asyncio.gather(*(agent.send(Request((f"n{i}",), f"t{i}")) for i in range(200)))
        assert [outcome.reply for outcome in many] == [f"echo: n{i}" for i in range(200)]


async def test_a_request_that_is_given_up_is_dropped(served: Served) -> None:
    """Its connection to the agent is closed there, and who waits behind it has its turn."""
    async with sending(served, most=1) as agent:
        first = asyncio.create_task(agent.send(Request(("hang on",), "a")))
        await served.hanging.wait()
        second = asyncio.create_task(agent.send(Request(("not any more",), "b")))
        third = asyncio.create_task(agent.send(Request(("still here",), "c")))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await served.left.wait()
        assert (await third).reply == "echo: still here"
    assert served.trials == ["a", "c"], "what is given up while it waits is never sent"


async def test_a_sender_that_dies_is_told(served: Served) -> None:
    """Requests under way end with an error of ours, never with a verdict about the agent."""
    async with sending(served) as agent:
        task = asyncio.create_task(agent.send(Request(("hang on",), "a")))
        await served.hanging.wait()
        os.kill(agent._senders[0]._process.get_pid(), signal.SIGKILL)
        with pytest.raises(WorkError, match=r"advanced\.senders: 0"):
            await task


async def test_a_timeout_of_the_agent_is_an_outcome(served: Served) -> None:
    """The agent's own timeout is kept in the other process."""
    async with sending(served, timeout=1000) as agent:
        outcome = await agent.send(Request(("hang on",), "a"))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.TIMEOUT


async def test_the_agent_gets_no_more_at_once_than_it_may(served: Served) -> None:
    """What is handed over beyond that waits in the sender, whose latencies do not count the wait."""
    config = AgentConfig(endpoint=served.url, timeout=5000)
    async with open_agent(config, lambda _: None) as local, outsourced(local, config, 1, 4) as agent:
        assert agent.prefetch() == 0
        here = asyncio.create_task(agent.send(Request(("wait here",), "a")))
        await served.waiting.acquire()
        await ready(agent)
        assert agent.prefetch() == 0, "what was sent from here could come on top"
        served.gate.set()
        await here
        assert agent.prefetch() == 1
        served.gate.clear()
        tasks = [asyncio.create_task(agent.send(Request(("wait",), f"t{i}"))) for i in range(9)]
        for _ in range(4):
            await served.waiting.acquire()
        served.gate.set()
        outcomes = await asyncio.gather(*tasks)
        assert served.at_once == 4
        assert all(outcome.reply == "echo: wait" for outcome in outcomes)


async def test_what_waits_in_a_sender_heeds_retry_after(served: Served) -> None:
    """The agent is left alone for as long as it asked, by requests that had been handed over before, too."""
    async with sending(served, most=1) as agent:
        outcomes = await asyncio.gather(*(agent.send(Request((f"busy {i}",), f"t{i}")) for i in range(3)))
    assert [outcome.status for outcome in outcomes] == [429, 200, 200]
    assert served.times[1] - served.times[0] >= 0.3


async def test_an_answer_that_asks_for_less_time_takes_none_back(served: Served) -> None:
    """Two at once are refused, and the second one's shorter wait is over before the first one's."""
    async with sending(served, most=2) as agent:
        texts = ("busy", "soon", "third", "fourth")
        await asyncio.gather(*(agent.send(Request((text,), text)) for text in texts))
    assert min(served.times[2:]) - served.times[0] >= 0.3


async def test_several_senders_prefetch_nothing(served: Served) -> None:
    """None of them knows what the others have under way."""
    async with sending(served, processes=2) as agent:
        assert agent.prefetch() == 0


async def test_a_run_is_the_same_with_and_without(served: Served, tmp_path: Path) -> None:
    """The same trials, statuses and replies, whoever sends."""
    results = []
    for senders in (0, 2):
        config = FlakeStormConfig.from_yaml(
            f"agent: {{endpoint: '{served.url}'}}\n"
            "golden_prompts: [where is my order, can I say it]\n"
            "mutations: {count: 30}\n"
            "invariants: [{type: contains, value: order}]\n"
            f"advanced: {{senders: {senders}, shrink_budget: 0}}\n"
        )
        run = await Execution(config, Wishes(folder=RunFolder(tmp_path / str(senders)))).run()
        results.append({record.trial.id: (record.status, record.outcome.reply) for record in run.records()})
    assert results[0] == results[1]
    assert len(results[0]) > 60


def test_how_many_senders_there_are() -> None:
    """What the user says, or one for a run that is long enough."""
    assert senders_for(10_000_000, 0) == 0
    assert senders_for(1, 3) == 3
    assert senders_for(4999, None) == 0
    assert senders_for(5000, None) == (1 if (os.cpu_count() or 1) > 1 else 0)
