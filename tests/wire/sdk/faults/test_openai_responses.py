"""What OpenAI's client makes of every LLM fault, in the Responses API: an exception, or silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from flakestorm.chaos.modes import LLM_MODES

Line = Callable[..., str]

FINE = "'Hello there, grüß dich!' completed"
CALLED = '\'Let me see.\' weather({"city": "Oslo"}) completed'
BROKEN = ("APIConnectionError",) * 2

CASES: dict[str, tuple[str, str]] = {
    "refused": BROKEN,
    "reset": BROKEN,
    "timeout": ("APITimeoutError",) * 2,
    "slow_first_token": (FINE, FINE),
    "slow_tokens": ("-", FINE),
    "stall": ("-", "APITimeoutError"),
    "stream_cut": ("-", "APIConnectionError"),
    # The last event says that the response is in progress; the client does not mind.
    "silent_truncation": ("-", "'' response.output_item.added"),
    "bandwidth": (FINE, FINE),
    "bad_chunk": BROKEN,
    "wrong_length": BROKEN,
    "rate_limit": ("RateLimitError 429",) * 2,
    "quota_exhausted": ("RateLimitError 429",) * 2,
    "server_error": ("InternalServerError 500",) * 2,
    "overloaded": ("InternalServerError 503",) * 2,
    "auth_error": ("AuthenticationError 401",) * 2,
    "not_found": ("NotFoundError 404",) * 2,
    "context_length": ("BadRequestError 400",) * 2,
    "status": ("APIStatusError 418",) * 2,
    "html_error": ("InternalServerError 502",) * 2,
    "malformed_json": ("JSONDecodeError",) * 2,
    "empty_body": ("JSONDecodeError", "'' nothing at all"),
    # This API's error event is an event like others: whoever does not look for it sees a stream that ends.
    "stream_error": ("-", "'' error"),
    "malformed_chunk": ("-", "JSONDecodeError"),
    "duplicate_chunk": ("-", "'Hello Hello there, grüß dich!' completed"),
    "unknown_event": ("-", FINE),
    "missing_usage": (f"{FINE} without usage",) * 2,
    "truncated_response": ("'Hello th' incomplete max_output_tokens",) * 2,
    "empty": ("'' completed",) * 2,
    "empty_choices": ("'' completed no output",) * 2,
    "refusal": ("'' refused completed",) * 2,
    "content_filter": ("'' incomplete content_filter",) * 2,
    "garbage": ("other words completed",) * 2,
    "malformed_tool_args": ('\'Let me see.\' weather({"city": ") completed',) * 2,
    "unknown_tool": ('\'Let me see.\' weather_v2({"city": "Oslo"}) completed',) * 2,
    "wrong_tool": ("-", "-"),
    "duplicate_tool_call": ('\'Let me see.\' weather({"city": "Oslo"}) weather({"city": "Oslo"}) completed',)
    * 2,
    "response_drift": ("other words completed",) * 2,
    "stale": ("-", "-"),
    "billed_but_lost": BROKEN,
}
"""Mode: what the client makes of it, whole and streamed. ``-``: the fault cannot fire there."""


def _client(trial: Any) -> openai.AsyncOpenAI:
    url = trial.at["OPENAI_BASE_URL"]
    # Everything here is plain HTTP, and loading the certificates takes longer than a test.
    http = openai.DefaultAsyncHttpxClient(verify=False)
    return openai.AsyncOpenAI(
        base_url=url, api_key="any", max_retries=0, timeout=trial.timeout_s, http_client=http
    )


def _asking(trial: Any) -> dict[str, Any]:
    asking = {"model": "any", "input": trial.prompt}
    if trial.schema is None:
        return asking
    return {**asking, "tools": [{"type": "function", "name": "weather", "parameters": trial.schema}]}


def _told(answer: Any, text: str, line: Line) -> str:
    calls = [(item.name, item.arguments) for item in answer.output if item.type == "function_call"]
    parts = [part for item in answer.output if item.type == "message" for part in item.content]
    refused = ("refused",) if any(part.type == "refusal" for part in parts) else ()
    why = (answer.incomplete_details.reason,) if answer.incomplete_details else ()
    nothing = () if answer.output else ("no output",)
    without = () if answer.usage else ("without usage",)
    return line(text, calls, *refused, answer.status, *why, *nothing, *without)


async def _whole(trial: Any, line: Line) -> str:
    async with _client(trial) as client:
        answer: Any = await client.responses.create(**_asking(trial))
    return _told(answer, answer.output_text, line)


async def _streamed(trial: Any, line: Line) -> str:
    text, last = "", None
    async with _client(trial) as client:
        async for event in await client.responses.create(stream=True, **_asking(trial)):
            last = event
            text += event.delta if event.type == "response.output_text.delta" else ""
    if last is None:
        return line(text, [], "nothing at all")
    if last.type in ("response.completed", "response.incomplete"):
        return _told(last.response, text, line)
    return line(text, [], last.type)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("mode", LLM_MODES)
async def test_every_mode(disturb: Any, check: Any, line: Line, mode: str, streamed: bool) -> None:
    """As the table says; and a fault that changed nothing does not claim that it fired."""
    async with disturb(mode) as trial:
        asked = (_streamed if streamed else _whole)(trial, line)
        await check(trial, mode, asked, CASES[mode][streamed], CALLED if trial.schema else FINE)
