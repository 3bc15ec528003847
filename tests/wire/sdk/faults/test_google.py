"""What Google's client makes of every LLM fault: an exception, or silence."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from google import genai
from google.genai import types

from flakestorm.chaos.modes import LLM_MODES

Line = Callable[..., str]

# Everything here is plain HTTP, and loading the certificates takes longer than a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

FINE = "'Hello there, grüß dich!' STOP"
CALLED = '\'Let me see.\' weather({"city": "Oslo"}) STOP'
# Its asynchronous client is aiohttp's, whose exceptions it lets through.
BROKEN = ("ClientOSError",) * 2
NO_CANDIDATES = "'' no candidates"

CASES: dict[str, tuple[str, str]] = {
    "refused": BROKEN,
    "reset": BROKEN,
    "timeout": ("TimeoutError",) * 2,
    "slow_first_token": (FINE, FINE),
    "slow_tokens": ("-", FINE),
    "stall": ("-", "TimeoutError"),
    "stream_cut": ("-", "ClientPayloadError"),
    # Without a finishReason: the client does not mind.
    "silent_truncation": ("-", "'Hello there, grüß ' None"),
    "bandwidth": (FINE, FINE),
    "bad_chunk": ("ClientResponseError 400",) * 2,
    "wrong_length": ("ClientPayloadError",) * 2,
    "rate_limit": ("ClientError 429 RESOURCE_EXHAUSTED",) * 2,
    "quota_exhausted": ("ClientError 429 RESOURCE_EXHAUSTED",) * 2,
    "server_error": ("ServerError 500 INTERNAL",) * 2,
    "overloaded": ("ServerError 503 UNAVAILABLE",) * 2,
    "auth_error": ("ClientError 401 UNAUTHENTICATED",) * 2,
    "not_found": ("ClientError 404 NOT_FOUND",) * 2,
    "context_length": ("ClientError 400 INVALID_ARGUMENT",) * 2,
    "status": ("ClientError 418 UNKNOWN",) * 2,
    "html_error": ("ServerError 502 Bad Gateway",) * 2,
    "malformed_json": ("JSONDecodeError", "UnknownApiResponseError"),
    # Not even a whole answer without any content is an exception.
    "empty_body": (f"{NO_CANDIDATES} without usage", "'' None without usage"),
    "stream_error": ("-", "ServerError 503 UNAVAILABLE"),
    "malformed_chunk": ("-", "UnknownApiResponseError"),
    "duplicate_chunk": ("-", "'Hello Hello there, grüß dich!' STOP"),
    "unknown_event": ("-", FINE),
    "missing_usage": (f"{FINE} without usage",) * 2,
    "truncated_response": ("'Hello th' MAX_TOKENS",) * 2,
    "empty": ("'' STOP",) * 2,
    "empty_choices": (NO_CANDIDATES,) * 2,
    "refusal": ("other words STOP",) * 2,
    "content_filter": ("'' SAFETY",) * 2,
    "garbage": ("other words STOP",) * 2,
    "malformed_tool_args": ("'Let me see.' weather({\"city\": null}) STOP",) * 2,
    "unknown_tool": ('\'Let me see.\' weather_v2({"city": "Oslo"}) STOP',) * 2,
    "wrong_tool": ("-", "-"),
    "duplicate_tool_call": ('\'Let me see.\' weather({"city": "Oslo"}) weather({"city": "Oslo"}) STOP',) * 2,
    "response_drift": ("other words STOP",) * 2,
    "stale": ("-", "-"),
    "billed_but_lost": BROKEN,
}
"""Mode: what the client makes of it, whole and streamed. ``-``: the fault cannot fire there."""


@asynccontextmanager
async def _models(trial: Any) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession() as session:
        options = types.HttpOptions(
            base_url=trial.at["GOOGLE_GEMINI_BASE_URL"],
            timeout=round(trial.timeout_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            aiohttp_client=session,
            client_args={"verify": NO_TLS},
            async_client_args={"verify": NO_TLS, "ssl": NO_TLS},
        )
        client = genai.Client(api_key="any", vertexai=False, http_options=options)
        yield client.aio.models
        await client.aio.aclose()
        client.close()


def _asking(trial: Any) -> dict[str, Any]:
    asking = {"model": "any", "contents": trial.prompt}
    if trial.schema is None:
        return asking
    declared = types.FunctionDeclaration(name="weather", parameters_json_schema=trial.schema)
    tools = [types.Tool(function_declarations=[declared])]
    return {**asking, "config": types.GenerateContentConfig(tools=tools)}


def _told(chunks: list[Any], line: Line) -> str:
    candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
    parts = [part for each in candidates if each.content for part in each.content.parts or ()]
    text = "".join(part.text or "" for part in parts)
    calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
    usage = () if any(chunk.usage_metadata for chunk in chunks) else ("without usage",)
    if chunks and not candidates:
        return line(text, calls, "no candidates", *usage)
    finish = next((each.finish_reason.name for each in candidates if each.finish_reason), None)
    return line(text, calls, finish, *usage)


async def _whole(trial: Any, line: Line) -> str:
    async with _models(trial) as models:
        return _told([await models.generate_content(**_asking(trial))], line)


async def _streamed(trial: Any, line: Line) -> str:
    async with _models(trial) as models:
        stream = await models.generate_content_stream(**_asking(trial))
        return _told([chunk async for chunk in stream], line)


@pytest.mark.filterwarnings("ignore:code property is deprecated:DeprecationWarning")
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("mode", LLM_MODES)
async def test_every_mode(disturb: Any, check: Any, line: Line, mode: str, streamed: bool) -> None:
    """As the table says; and a fault that changed nothing does not claim that it fired."""
    async with disturb(mode) as trial:
        asked = (_streamed if streamed else _whole)(trial, line)
        await check(trial, mode, asked, CASES[mode][streamed], CALLED if trial.schema else FINE)
