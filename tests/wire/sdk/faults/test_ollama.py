"""What Ollama's client makes of every LLM fault: an exception, or silence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import ollama
import pytest

from flakestorm.chaos.modes import LLM_MODES

Line = Callable[..., str]

FINE = "'Hello there, grüß dich!' stop"
CALLED = '\'Let me see.\' weather({"city": "Oslo"}) stop'
# The client knows one exception of its own, and lets those of httpx through.
BROKEN = ("ReadError",) * 2

CASES: dict[str, tuple[str, str]] = {
    "refused": BROKEN,
    "reset": BROKEN,
    "timeout": ("ReadTimeout",) * 2,
    "slow_first_token": (FINE, FINE),
    "slow_tokens": ("-", FINE),
    "stall": ("-", "ReadTimeout"),
    "stream_cut": ("-", "ReadError"),
    # Without done: the client does not mind.
    "silent_truncation": ("-", "'Hello there, grüß ' None without usage"),
    "bandwidth": (FINE, FINE),
    "bad_chunk": ("RemoteProtocolError",) * 2,
    "wrong_length": ("RemoteProtocolError",) * 2,
    "rate_limit": ("ResponseError 429",) * 2,
    "quota_exhausted": ("-", "-"),
    "server_error": ("ResponseError 500",) * 2,
    "overloaded": ("ResponseError 503",) * 2,
    "auth_error": ("ResponseError 401",) * 2,
    "not_found": ("ResponseError 404",) * 2,
    "context_length": ("ResponseError 400",) * 2,
    "status": ("ResponseError 418",) * 2,
    "html_error": ("ResponseError 502",) * 2,
    "malformed_json": ("JSONDecodeError",) * 2,
    "empty_body": ("JSONDecodeError", "'' None without usage"),
    # The client has no status for it.
    "stream_error": ("-", "ResponseError -1"),
    "malformed_chunk": ("-", "JSONDecodeError"),
    "duplicate_chunk": ("-", "'Hello Hello there, grüß dich!' stop"),
    "unknown_event": ("-", FINE),
    "missing_usage": (f"{FINE} without usage",) * 2,
    "truncated_response": ("'Hello th' length",) * 2,
    "empty": ("'' stop without usage",) * 2,
    "empty_choices": ("-", "-"),
    "refusal": ("other words stop",) * 2,
    "content_filter": ("-", "-"),
    "garbage": ("other words stop",) * 2,
    "malformed_tool_args": ("'Let me see.' weather({\"city\": null}) stop",) * 2,
    "unknown_tool": ('\'Let me see.\' weather_v2({"city": "Oslo"}) stop',) * 2,
    "wrong_tool": ("-", "-"),
    "duplicate_tool_call": ('\'Let me see.\' weather({"city": "Oslo"}) weather({"city": "Oslo"}) stop',) * 2,
    "response_drift": ("other words stop",) * 2,
    "stale": ("-", "-"),
    "billed_but_lost": BROKEN,
}
"""Mode: what the client makes of it, whole and streamed. ``-``: the fault cannot fire there."""


@asynccontextmanager
async def _client(trial: Any) -> AsyncIterator[ollama.AsyncClient]:
    # Everything here is plain HTTP, and loading the certificates takes longer than a test.
    client = ollama.AsyncClient(trial.at["OLLAMA_HOST"], timeout=trial.timeout_s, verify=False)
    try:
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call] # the SDK forgot the annotation


def _asking(trial: Any) -> dict[str, Any]:
    asking = {"model": "any", "messages": [{"role": "user", "content": trial.prompt}]}
    if trial.schema is None:
        return asking
    function = {"name": "weather", "parameters": trial.schema}
    return {**asking, "tools": [{"type": "function", "function": function}]}


def _told(parts: list[Any], line: Line) -> str:
    text = "".join(part.message.content or "" for part in parts)
    calls = [
        (call.function.name, dict(call.function.arguments))
        for part in parts
        for call in part.message.tool_calls or ()
    ]
    reason = parts[-1].done_reason if parts else None
    usage = () if parts and parts[-1].eval_count else ("without usage",)
    return line(text, calls, reason, *usage)


async def _whole(trial: Any, line: Line) -> str:
    async with _client(trial) as client:
        return _told([await client.chat(**_asking(trial))], line)


async def _streamed(trial: Any, line: Line) -> str:
    async with _client(trial) as client:
        return _told([part async for part in await client.chat(stream=True, **_asking(trial))], line)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("mode", LLM_MODES)
async def test_every_mode(disturb: Any, check: Any, line: Line, mode: str, streamed: bool) -> None:
    """As the table says; and a fault that changed nothing does not claim that it fired."""
    async with disturb(mode) as trial:
        asked = (_streamed if streamed else _whole)(trial, line)
        await check(trial, mode, asked, CASES[mode][streamed], CALLED if trial.schema else FINE)
