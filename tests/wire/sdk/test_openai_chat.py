"""Chat Completions through the official OpenAI client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

HELLO: Any = [{"role": "user", "content": "hello"}]


@pytest.fixture
async def client(base: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    """The asynchronous client, which does not try again."""
    async with openai.AsyncOpenAI(base_url=base.openai, api_key=base.key, max_retries=0) as made:
        yield made


def tools(schema: dict[str, Any]) -> Any:
    """The tool as this API declares it."""
    return [{"type": "function", "function": {"name": "weather", "parameters": schema}}]


async def test_a_text(client: openai.AsyncOpenAI, base: Any) -> None:
    """Whole, with usage."""
    answer = await client.chat.completions.create(model=base.model, messages=HELLO)
    assert answer.choices[0].message.content == base.text
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_streamed_text(client: openai.AsyncOpenAI, base: Any) -> None:
    """Word by word, the usage last."""
    options: Any = {"include_usage": True}
    stream = await client.chat.completions.create(
        model=base.model, messages=HELLO, stream=True, stream_options=options
    )
    chunks = [chunk async for chunk in stream]
    texts = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert len(texts) == 4
    assert "".join(texts) == base.text
    assert chunks[-1].usage is not None


async def test_the_synchronous_client(base: Any) -> None:
    """Whole and streamed."""

    def ask() -> tuple[str | None, str]:
        with openai.OpenAI(base_url=base.openai, api_key=base.key) as client:
            whole = client.chat.completions.create(model=base.model, messages=HELLO)
            stream = client.chat.completions.create(model=base.model, messages=HELLO, stream=True)
            texts = [choice.delta.content or "" for chunk in stream for choice in chunk.choices]
            return whole.choices[0].message.content, "".join(texts)

    assert await asyncio.to_thread(ask) == (base.text, base.text)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_loop(
    client: openai.AsyncOpenAI, base: Any, schema: dict[str, Any], streamed: bool
) -> None:
    """Text and tool call, result, answer."""
    messages: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    if streamed:
        async with client.chat.completions.stream(
            model=base.model, messages=messages, tools=tools(schema)
        ) as stream:
            asked: Any = (await stream.get_final_completion()).choices[0]
    else:
        whole = await client.chat.completions.create(model=base.model, messages=messages, tools=tools(schema))
        asked = whole.choices[0]
    assert (asked.finish_reason, asked.message.content) == ("tool_calls", "Let me see.")
    call = asked.message.tool_calls[0]
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Oslo"}')
    called = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.function.name, "arguments": call.function.arguments},
    }
    messages.append({"role": "assistant", "content": asked.message.content, "tool_calls": [called]})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    answer = await client.chat.completions.create(model=base.model, messages=messages, tools=tools(schema))
    assert answer.choices[0].message.content == "It is sunny."


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        ("limit", openai.RateLimitError, "rate_limit_exceeded"),
        ("break", openai.InternalServerError, None),
        ("anything else", openai.BadRequestError, None),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_failures(
    client: openai.AsyncOpenAI,
    base: Any,
    content: str,
    error: type[openai.APIStatusError],
    code: str | None,
    streamed: bool,
) -> None:
    """Are the client's exceptions, streamed or not."""
    messages: Any = [{"role": "user", "content": content}]
    with pytest.raises(error) as raised:
        await client.chat.completions.create(model=base.model, messages=messages, stream=streamed)
    assert raised.value.code == code
    assert raised.value.response.headers["x-request-id"].startswith("req_")
    assert (raised.value.response.headers.get("retry-after") == "1") is (content == "limit")


async def test_wrong_model_key_and_list(client: openai.AsyncOpenAI, base: Any) -> None:
    """404, 401, and the models that there are."""
    with pytest.raises(openai.NotFoundError, match="other"):
        await client.chat.completions.create(model="other", messages=HELLO)
    with pytest.raises(openai.AuthenticationError):
        await client.with_options(api_key="wrong").chat.completions.create(model=base.model, messages=HELLO)
    assert [model.id async for model in client.models.list()] == [base.model]
