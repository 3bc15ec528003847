"""Anthropic's Messages API through its official client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest

HELLO: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture
async def client(base: Any) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """The asynchronous client, which does not try again."""
    async with anthropic.AsyncAnthropic(base_url=base.anthropic, api_key=base.key, max_retries=0) as made:
        yield made


def tools(schema: dict[str, Any]) -> Any:
    """The tool as this API declares it."""
    return [{"name": "weather", "input_schema": schema}]


async def test_a_text(client: anthropic.AsyncAnthropic, base: Any) -> None:
    """Whole, with usage and an id."""
    answer = await client.messages.create(model=base.model, messages=HELLO, max_tokens=50, system="Be nice.")
    assert [block.text for block in answer.content if block.type == "text"] == [base.text]
    assert answer.stop_reason == "end_turn"
    assert answer._request_id is not None
    assert min(answer.usage.input_tokens, answer.usage.output_tokens) > 0


async def test_a_streamed_text(client: anthropic.AsyncAnthropic, base: Any) -> None:
    """Word by word, between message_start and message_stop."""
    stream = await client.messages.create(model=base.model, messages=HELLO, max_tokens=50, stream=True)
    events: list[Any] = [event async for event in stream]
    texts = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert len(texts) == 4
    assert "".join(texts) == base.text
    assert [event.type for event in events if event.type != "content_block_delta"] == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ], "the client keeps pings to itself"


async def test_the_synchronous_client(base: Any) -> None:
    """Whole and streamed."""

    def ask() -> tuple[Any, str]:
        with anthropic.Anthropic(base_url=base.anthropic, api_key=base.key) as client:
            whole = client.messages.create(model=base.model, messages=HELLO, max_tokens=50)
            with client.messages.stream(model=base.model, messages=HELLO, max_tokens=50) as stream:
                return whole.content[0], "".join(stream.text_stream)

    whole, streamed = await asyncio.to_thread(ask)
    assert (whole.text, streamed) == (base.text, base.text)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_loop(
    client: anthropic.AsyncAnthropic, base: Any, schema: dict[str, Any], streamed: bool
) -> None:
    """Text and tool_use, tool_result, answer."""
    messages: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    asking: dict[str, Any] = {"model": base.model, "max_tokens": 50, "tools": tools(schema)}
    if streamed:
        async with client.messages.stream(messages=messages, **asking) as stream:
            first: Any = await stream.get_final_message()
    else:
        first = await client.messages.create(messages=messages, **asking)
    assert first.stop_reason == "tool_use"
    text, call = first.content
    assert (text.text, call.name, call.input) == ("Let me see.", "weather", {"city": "Oslo"})
    messages.append({"role": "assistant", "content": first.content})
    messages.append(
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}],
        }
    )
    answer: Any = await client.messages.create(messages=messages, **asking)
    assert answer.content[0].text == "It is sunny."


@pytest.mark.parametrize(
    ("content", "error", "kind"),
    [
        ("limit", anthropic.RateLimitError, "rate_limit_error"),
        ("break", anthropic.InternalServerError, "api_error"),
        ("anything else", anthropic.BadRequestError, "invalid_request_error"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_failures(
    client: anthropic.AsyncAnthropic,
    base: Any,
    content: str,
    error: type[anthropic.APIStatusError],
    kind: str,
    streamed: bool,
) -> None:
    """Are the client's exceptions, streamed or not."""
    messages: Any = [{"role": "user", "content": content}]
    with pytest.raises(error) as raised:
        await client.messages.create(model=base.model, messages=messages, max_tokens=50, stream=streamed)
    body: Any = raised.value.body
    assert (body["type"], body["error"]["type"]) == ("error", kind)
    assert body["request_id"] == raised.value.request_id
    assert (raised.value.response.headers.get("retry-after") == "1") is (content == "limit")


async def test_wrong_model_and_key(client: anthropic.AsyncAnthropic, base: Any) -> None:
    """404 and 401."""
    with pytest.raises(anthropic.NotFoundError, match="other"):
        await client.messages.create(model="other", messages=HELLO, max_tokens=50)
    wrong = client.with_options(api_key="wrong")
    with pytest.raises(anthropic.AuthenticationError):
        await wrong.messages.create(model=base.model, messages=HELLO, max_tokens=50)
    with pytest.raises(anthropic.AuthenticationError):
        await wrong.messages.count_tokens(model=base.model, messages=HELLO)


async def test_tokens_and_models(client: anthropic.AsyncAnthropic, base: Any) -> None:
    """What it would cost, and what there is."""
    counted = await client.messages.count_tokens(model=base.model, messages=HELLO)
    answer = await client.messages.create(model=base.model, messages=HELLO, max_tokens=50)
    assert counted.input_tokens == answer.usage.input_tokens
    assert [model.id async for model in client.models.list()] == [base.model]
    assert (await client.models.retrieve(base.model)).type == "model"
    with pytest.raises(anthropic.NotFoundError):
        await client.models.retrieve("other")
