"""What Anthropic's client makes of every LLM fault: an exception, or silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest

from flakestorm.chaos.modes import LLM_MODES

Line = Callable[..., str]

FINE = "'Hello there, grüß dich!' end_turn"
CALLED = '\'Let me see.\' weather({"city": "Oslo"}) tool_use'
BROKEN = ("APIConnectionError",) * 2
NOTHING = "'' None without usage nothing at all"

CASES: dict[str, tuple[str, str]] = {
    "refused": BROKEN,
    "reset": BROKEN,
    "timeout": ("APITimeoutError",) * 2,
    "slow_first_token": (FINE, FINE),
    "slow_tokens": ("-", FINE),
    # Once a stream has begun, the client lets the transport's own exceptions through.
    "stall": ("-", "ReadTimeout"),
    "stream_cut": ("-", "ReadError"),
    # Without a stop_reason and message_stop: the client does not mind.
    "silent_truncation": ("-", "'' None without usage"),
    "bandwidth": (FINE, FINE),
    "bad_chunk": ("APIConnectionError", "RemoteProtocolError"),
    "wrong_length": ("APIConnectionError", "RemoteProtocolError"),
    "rate_limit": ("RateLimitError 429",) * 2,
    "quota_exhausted": ("PaymentRequiredError 402",) * 2,
    "server_error": ("InternalServerError 500",) * 2,
    "overloaded": ("OverloadedError 529",) * 2,
    "auth_error": ("AuthenticationError 401",) * 2,
    "not_found": ("NotFoundError 404",) * 2,
    "context_length": ("BadRequestError 400",) * 2,
    "status": ("APIStatusError 418",) * 2,
    "html_error": ("InternalServerError 502",) * 2,
    # What is no event is not looked at in a stream.
    "malformed_json": ("JSONDecodeError", NOTHING),
    "empty_body": ("JSONDecodeError", NOTHING),
    # An error in mid-stream has the status with which the stream began.
    "stream_error": ("-", "APIStatusError 200"),
    "malformed_chunk": ("-", "JSONDecodeError"),
    "duplicate_chunk": ("-", "'Hello Hello there, grüß dich!' end_turn"),
    "unknown_event": ("-", FINE),
    "missing_usage": (f"{FINE} without usage",) * 2,
    "truncated_response": ("'Hello th' max_tokens",) * 2,
    "empty": ("'' end_turn",) * 2,
    "empty_choices": ("'' end_turn no blocks",) * 2,
    "refusal": ("other words refusal",) * 2,
    # This API says it with an error.
    "content_filter": ("BadRequestError 400",) * 2,
    "garbage": ("other words end_turn",) * 2,
    # A whole answer is valid JSON, so its arguments are of the wrong type; streamed ones are cut off.
    "malformed_tool_args": (
        "'Let me see.' weather({\"city\": null}) tool_use",
        '\'Let me see.\' weather({"city": ") tool_use',
    ),
    "unknown_tool": ('\'Let me see.\' weather_v2({"city": "Oslo"}) tool_use',) * 2,
    "wrong_tool": ("-", "-"),
    "duplicate_tool_call": ('\'Let me see.\' weather({"city": "Oslo"}) weather({"city": "Oslo"}) tool_use',)
    * 2,
    "response_drift": ("other words end_turn",) * 2,
    "stale": ("-", "-"),
    "billed_but_lost": BROKEN,
}
"""Mode: what the client makes of it, whole and streamed. ``-``: the fault cannot fire there."""


def _client(trial: Any) -> anthropic.AsyncAnthropic:
    url = trial.at["ANTHROPIC_BASE_URL"]
    # Everything here is plain HTTP, and loading the certificates takes longer than a test.
    http = anthropic.DefaultAsyncHttpxClient(verify=False)
    return anthropic.AsyncAnthropic(
        base_url=url, api_key="any", max_retries=0, timeout=trial.timeout_s, http_client=http
    )


def _asking(trial: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": trial.prompt}]
    asking = {"model": "any", "max_tokens": 99, "messages": messages}
    if trial.schema is None:
        return asking
    return {**asking, "tools": [{"name": "weather", "input_schema": trial.schema}]}


async def _whole(trial: Any, line: Line) -> str:
    async with _client(trial) as client:
        answer: Any = await client.messages.create(**_asking(trial))
    text = "".join(block.text for block in answer.content if block.type == "text")
    calls = [(block.name, block.input) for block in answer.content if block.type == "tool_use"]
    without = () if answer.usage else ("without usage",)
    nothing = () if answer.content else ("no blocks",)
    return line(text, calls, answer.stop_reason, *without, *nothing)


async def _streamed(trial: Any, line: Line) -> str:
    text, stop, usage = "", None, ("without usage",)
    calls: dict[int, list[str]] = {}
    kinds = []
    async with _client(trial) as client:
        async for event in await client.messages.create(stream=True, **_asking(trial)):
            kinds.append(event.type)
            if event.type == "content_block_start" and event.content_block.type == "tool_use":
                calls[event.index] = [event.content_block.name, ""]
            elif event.type == "content_block_delta":
                if event.delta.type == "text_delta":
                    text += event.delta.text
                else:
                    calls[event.index][1] += event.delta.partial_json
            elif event.type == "message_delta":
                stop, usage = event.delta.stop_reason, () if event.usage else usage
    made = [(name, arguments) for name, arguments in calls.values()]
    nothing = () if kinds else ("nothing at all",)
    blocks = ("no blocks",) if "message_stop" in kinds and "content_block_start" not in kinds else ()
    return line(text, made, stop, *usage, *nothing, *blocks)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("mode", LLM_MODES)
async def test_every_mode(disturb: Any, check: Any, line: Line, mode: str, streamed: bool) -> None:
    """As the table says; and a fault that changed nothing does not claim that it fired."""
    async with disturb(mode) as trial:
        asked = (_streamed if streamed else _whole)(trial, line)
        await check(trial, mode, asked, CASES[mode][streamed], CALLED if trial.schema else FINE)
