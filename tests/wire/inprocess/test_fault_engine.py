"""The configured faults in process: official clients and plain functions see what the gateway would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

import flakestorm
from flakestorm.chaos.config import Faults
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.inprocess.reach import Reach
from flakestorm.testing import ScriptedLLM

ASK: Any = [{"role": "user", "content": "hi"}]


def _engine(**faults: Any) -> FaultEngine:
    return FaultEngine(Faults.model_validate(faults), 1, "t")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"mode": "rate_limit", "retry_after": 0}, openai.RateLimitError),
        ({"mode": "server_error"}, openai.InternalServerError),
        ({"mode": "auth_error"}, openai.AuthenticationError),
        ({"mode": "refused"}, openai.APIConnectionError),
        ({"mode": "reset"}, openai.APIConnectionError),
        ({"mode": "timeout", "delay_ms": 60_000}, openai.APITimeoutError),
        ({"mode": "billed_but_lost"}, openai.APIConnectionError),
    ],
    ids=lambda value: value["mode"] if isinstance(value, dict) else "",
)
async def test_openai_sees_the_fault(
    fault: dict[str, Any],
    error: type[Exception],
    llm: ScriptedLLM,
    reach: Reach,
    trial: Callable[..., Any],
) -> None:
    """The SDK's own exception, and a fault that says it fired."""
    client = openai.AsyncOpenAI(base_url=llm.openai_url, api_key="k", max_retries=0, timeout=0.5)
    with trial(faults=_engine(llm_faults=[fault])) as traffic, pytest.raises(error):
        await client.chat.completions.create(model="m", messages=ASK)
    await client.close()

    [call] = traffic.calls()
    assert call.fired == (fault["mode"],)
    assert len(llm.requests) == (fault["mode"] == "billed_but_lost")


async def test_stream_is_cut_and_truncated(
    llm: ScriptedLLM, reach: Reach, trial: Callable[..., Any], text: str
) -> None:
    """A broken stream raises; one that ends without its terminator is accepted in silence."""

    async def said(fault: dict[str, Any]) -> str:
        async with openai.AsyncOpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
            with trial(faults=_engine(llm_faults=[fault])) as traffic:
                try:
                    chunks = await client.chat.completions.create(model="m", messages=ASK, stream=True)
                    parts = [c.choices[0].delta.content or "" async for c in chunks if c.choices]
                finally:
                    assert traffic.calls()[0].fired == (fault["mode"],)
            return "".join(parts)

    with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
        await said({"mode": "stream_cut", "after_chunks": 2})
    part = await said({"mode": "silent_truncation", "after_chunks": 2})
    assert text.startswith(part)
    assert len(part) < len(text)


def test_tool_fails_after_commit(reach: Reach, trial: Callable[..., Any]) -> None:
    """The order is placed, and the agent sees a timeout."""
    orders = []

    @flakestorm.tool
    def order(item: str) -> dict[str, str]:
        orders.append(item)
        return {"ordered": item}

    faults = {"tool": "order", "mode": "failed_after_commit", "times": 1}
    with trial(faults=_engine(tool_faults=[faults])) as traffic:
        with pytest.raises(TimeoutError, match="'order' timed out"):
            order("tea")
        assert order("tea") == {"ordered": "tea"}

    first, second = traffic.calls()
    assert orders == ["tea", "tea"]
    assert (first.fired, second.fired) == (("failed_after_commit",), ())
    assert first.sent == second.sent
