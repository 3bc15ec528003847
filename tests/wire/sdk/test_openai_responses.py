"""The Responses API through the official OpenAI client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest


@pytest.fixture
async def client(base: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    """The asynchronous client, which does not try again."""
    async with openai.AsyncOpenAI(base_url=base.openai, api_key=base.key, max_retries=0) as made:
        yield made


def tools(schema: dict[str, Any]) -> Any:
    """The tool as this API declares it."""
    return [{"type": "function", "name": "weather", "parameters": schema, "strict": True}]


async def test_a_text(client: openai.AsyncOpenAI, base: Any) -> None:
    """Whole, with usage, status and the settings of the request."""
    answer = await client.responses.create(model=base.model, input="hello", instructions="Be nice.")
    assert (answer.output_text, answer.status, answer.instructions) == (base.text, "completed", "Be nice.")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


async def test_a_streamed_text(client: openai.AsyncOpenAI, base: Any) -> None:
    """As typed events in the order of the real API."""
    stream = await client.responses.create(model=base.model, input="hello", stream=True)
    events: list[Any] = [event async for event in stream]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == base.text
    kinds = [event.type for event in events if event.type != "response.output_text.delta"]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.output_text == base.text


async def test_the_synchronous_client(base: Any) -> None:
    """Whole and streamed."""

    def ask() -> tuple[str, str]:
        with openai.OpenAI(base_url=base.openai, api_key=base.key) as client:
            whole = client.responses.create(model=base.model, input="hello").output_text
            with client.responses.stream(model=base.model, input="hello") as stream:
                stream.until_done()
                return whole, stream.get_final_response().output_text

    assert await asyncio.to_thread(ask) == (base.text, base.text)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("remembered", [False, True])
async def test_an_agent_loop(
    client: openai.AsyncOpenAI, base: Any, schema: dict[str, Any], streamed: bool, remembered: bool
) -> None:
    """Call, result, answer: the conversation is sent again, or the server remembers it."""
    asked: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    if streamed:
        async with client.responses.stream(model=base.model, input=asked, tools=tools(schema)) as stream:
            first: Any = await stream.get_final_response()
    else:
        first = await client.responses.create(model=base.model, input=asked, tools=tools(schema))
    assert first.output_text == "Let me see."
    call = first.output[1]
    assert (call.name, call.arguments) == ("weather", '{"city": "Oslo"}')
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    if remembered:
        answer = await client.responses.create(
            model=base.model, input=[result], previous_response_id=first.id, tools=tools(schema)
        )
    else:
        items = [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
        answer = await client.responses.create(
            model=base.model, input=[*asked, *items, result], tools=tools(schema)
        )
    assert answer.output_text == "It is sunny."


async def test_a_response_that_nobody_remembers(client: openai.AsyncOpenAI, base: Any) -> None:
    """One that was not to be stored, for example."""
    first = await client.responses.create(model=base.model, input="hello", store=False)
    with pytest.raises(openai.BadRequestError) as raised:
        await client.responses.create(model=base.model, input="hello", previous_response_id=first.id)
    assert raised.value.code == "previous_response_not_found"


@pytest.mark.parametrize(
    ("text", "error"), [("limit", openai.RateLimitError), ("break", openai.InternalServerError)]
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_failures(
    client: openai.AsyncOpenAI, base: Any, text: str, error: type[openai.APIStatusError], streamed: bool
) -> None:
    """Are the client's exceptions, streamed or not."""
    with pytest.raises(error):
        await client.responses.create(model=base.model, input=text, stream=streamed)
