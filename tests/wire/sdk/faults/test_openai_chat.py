"""What OpenAI's client makes of every LLM fault, in Chat Completions: an exception, or silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

from flakestorm.chaos.modes import LLM_MODES

Line = Callable[..., str]

FINE = "'Hello there, grüß dich!' stop"
CALLED = '\'Let me see.\' weather({"city": "Oslo"}) tool_calls'
BROKEN = ("APIConnectionError",) * 2

CASES: dict[str, tuple[str, str]] = {
    "refused": BROKEN,
    "reset": BROKEN,
    "timeout": ("APITimeoutError", "APITimeoutError"),
    "slow_first_token": (FINE, FINE),
    "slow_tokens": ("-", FINE),
    "stall": ("-", "APITimeoutError"),
    "stream_cut": ("-", "APIConnectionError"),
    # Without a finish_reason and [DONE]: the client does not mind.
    "silent_truncation": ("-", "'Hello there, ' None without usage"),
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
    # The client lets the parser's own exception through.
    "malformed_json": ("JSONDecodeError",) * 2,
    "empty_body": ("JSONDecodeError", "'' None without usage"),
    "stream_error": ("-", "APIError"),
    "malformed_chunk": ("-", "JSONDecodeError"),
    "duplicate_chunk": ("-", "'Hello Hello there, grüß dich!' stop"),
    "unknown_event": ("-", FINE),
    "missing_usage": (f"{FINE} without usage",) * 2,
    "truncated_response": ("'Hello th' length",) * 2,
    "empty": ("'' stop",) * 2,
    "empty_choices": ("no choices", "'' None"),
    "refusal": ("None refused stop", "'' refused stop"),
    "content_filter": ("'' content_filter",) * 2,
    "garbage": ("other words stop",) * 2,
    "malformed_tool_args": ('\'Let me see.\' weather({"city": ") tool_calls',) * 2,
    "unknown_tool": ('\'Let me see.\' weather_v2({"city": "Oslo"}) tool_calls',) * 2,
    "wrong_tool": ("-", "-"),
    "duplicate_tool_call": ('\'Let me see.\' weather({"city": "Oslo"}) weather({"city": "Oslo"}) tool_calls',)
    * 2,
    "response_drift": ("other words stop",) * 2,
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
    asking = {"model": "any", "messages": [{"role": "user", "content": trial.prompt}]}
    if trial.schema is None:
        return asking
    function = {"name": "weather", "parameters": trial.schema}
    return {**asking, "tools": [{"type": "function", "function": function}]}


async def _whole(trial: Any, line: Line) -> str:
    async with _client(trial) as client:
        answer: Any = await client.chat.completions.create(**_asking(trial))
    if isinstance(answer, str):
        return f"a str: {answer[:6]}"
    if not answer.choices:
        return "no choices"
    message = answer.choices[0].message
    calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    refused = ("refused",) if message.refusal else ()
    without = () if answer.usage else ("without usage",)
    return line(message.content, calls, *refused, answer.choices[0].finish_reason, *without)


async def _streamed(trial: Any, line: Line) -> str:
    text, finish, refused, usage = "", None, (), ("without usage",)
    calls: dict[int, list[str]] = {}
    options = {"stream": True, "stream_options": {"include_usage": True}}
    async with _client(trial) as client:
        async for chunk in await client.chat.completions.create(**_asking(trial), **options):
            usage = () if chunk.usage else usage
            for choice in chunk.choices or ():
                text += choice.delta.content or ""
                refused = ("refused",) if choice.delta.refusal else refused
                finish = choice.finish_reason or finish
                for part in choice.delta.tool_calls or ():
                    call = calls.setdefault(part.index, ["", ""])
                    call[0] += part.function.name or ""
                    call[1] += part.function.arguments or ""
    return line(text, [(name, arguments) for name, arguments in calls.values()], *refused, finish, *usage)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("mode", LLM_MODES)
async def test_every_mode(disturb: Any, check: Any, line: Line, mode: str, streamed: bool) -> None:
    """As the table says; and a fault that changed nothing does not claim that it fired."""
    async with disturb(mode) as trial:
        asked = (_streamed if streamed else _whole)(trial, line)
        await check(trial, mode, asked, CASES[mode][streamed], CALLED if trial.schema else FINE)
