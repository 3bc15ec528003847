"""An agent in another language behind the gateway: an HTTP server in Node, without packages."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from flakestorm.chaos.config import Faults, GatewayConfig
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.gateway.gateway import Gateway
from flakestorm.chaos.traffic import Traffic
from flakestorm.testing import ScriptedLLM

NODE = shutil.which("node")
PROGRAM = Path(__file__).with_name("node_agent.mjs")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs node, which is not installed")


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """In front of an LLM that says hello."""
    async with ScriptedLLM("Hello, grüß dich!") as llm:
        config = GatewayConfig(upstreams={"openai": llm.openai_url})
        async with Gateway(config, surroundings={}) as running:
            yield running


@pytest.fixture
async def agent(gateway: Gateway) -> AsyncIterator[str]:
    """The agent's address; it finds the gateway through its environment and knows nothing of it."""
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        NODE, str(PROGRAM), env={**os.environ, **gateway.environment()}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await asyncio.wait_for(process.stdout.readline(), 30))
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    await process.wait()


async def ask(agent: str) -> tuple[int, dict[str, Any]]:
    """Status and answer of the agent."""
    async with aiohttp.ClientSession() as session, session.post(agent, json={"input": "hello"}) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("faults", "status", "answer"),
    [
        ([], 200, {"output": "Hello, grüß dich!"}),
        ([{"mode": "overloaded"}], 502, {"error": "the LLM said 503: "}),
        ([{"mode": "reset"}], 502, {"error": "fetch failed: ECONNRESET"}),
        ([{"mode": "wrong_length"}], 502, {"error": "terminated: UND_ERR_SOCKET"}),
        # This agent does not look whether the answer is complete, or there at all.
        ([{"mode": "truncated_response", "max_tokens": 1}], 200, {"output": "Hell"}),
        ([{"mode": "refusal"}], 200, {"output": None}),
    ],
)
async def test_its_calls_are_seen_and_disturbed(
    gateway: Gateway, agent: str, faults: list[dict[str, Any]], status: int, answer: dict[str, Any]
) -> None:
    """As those of Python agents are."""
    engine = FaultEngine(Faults.model_validate({"llm_faults": faults}), 7, "trial")
    traffic = Traffic("trial", engine)
    gateway.enter(traffic)
    assert await ask(agent) == (status, answer)
    gateway.leave(traffic)
    (call,) = traffic.calls()
    assert (call.kind, call.name) == ("llm", "any")
    assert list(call.fired) == [fault["mode"] for fault in faults]
