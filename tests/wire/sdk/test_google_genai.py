"""Gemini's generateContent through the official Google client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from google import genai
from google.genai import errors, types


def options(base: Any, **more: Any) -> types.HttpOptions:
    """Where the API is, and that nothing is tried again."""
    return types.HttpOptions(
        base_url=base.google, retry_options=types.HttpRetryOptions(attempts=1), timeout=20_000, **more
    )


@asynccontextmanager
async def opened(base: Any, key: str | None = None, **more: Any) -> AsyncIterator[Any]:
    """The asynchronous client, over a session that is closed at the end."""
    async with aiohttp.ClientSession() as session:
        http = options(base, aiohttp_client=session, **more)
        client = genai.Client(api_key=key or base.key, vertexai=False, http_options=http)
        yield client.aio
        await client.aio.aclose()
        client.close()


@pytest.fixture(params=[{}, {"api_version": "v1beta"}], ids=["the-client's-version", "v1beta"])
async def client(base: Any, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """The asynchronous client, under both versions of the API."""
    async with opened(base, **request.param) as made:
        yield made


@pytest.fixture
def tools(schema: dict[str, Any]) -> types.GenerateContentConfig:
    """The tool as this API declares it, to be called by the agent itself."""
    declared = types.FunctionDeclaration(name="weather", parameters_json_schema=schema)
    return types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])


async def test_a_text(client: Any, base: Any) -> None:
    """Whole, with usage."""
    config = types.GenerateContentConfig(system_instruction="Be nice.")
    answer = await client.models.generate_content(model=base.model, contents="hello", config=config)
    assert answer.text == base.text
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    usage = answer.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count
    assert answer.model_version == base.model


async def test_a_streamed_text(client: Any, base: Any) -> None:
    """Word by word, the reason of the end in the last chunk."""
    stream = await client.models.generate_content_stream(model=base.model, contents="hello")
    chunks = [chunk async for chunk in stream]
    assert len(chunks) == 4
    assert "".join(chunk.text for chunk in chunks) == base.text
    reasons = [chunk.candidates[0].finish_reason for chunk in chunks]
    assert reasons == [None, None, None, types.FinishReason.STOP]


async def test_the_synchronous_client(base: Any) -> None:
    """Whole and streamed."""

    def ask() -> tuple[str | None, str]:
        with genai.Client(api_key=base.key, vertexai=False, http_options=options(base)) as client:
            whole = client.models.generate_content(model=base.model, contents="hello").text
            stream = client.models.generate_content_stream(model=base.model, contents="hello")
            return whole, "".join(chunk.text or "" for chunk in stream)

    assert await asyncio.to_thread(ask) == (base.text, base.text)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_loop(
    client: Any, base: Any, tools: types.GenerateContentConfig, streamed: bool
) -> None:
    """Text and functionCall, functionResponse, answer."""
    contents: list[Any] = [types.Content(role="user", parts=[types.Part(text="What is the weather?")])]
    if streamed:
        stream = await client.models.generate_content_stream(
            model=base.model, contents=contents, config=tools
        )
        parts = [part async for chunk in stream for part in chunk.candidates[0].content.parts]
    else:
        first = await client.models.generate_content(model=base.model, contents=contents, config=tools)
        parts = first.candidates[0].content.parts
    assert "".join(part.text for part in parts if part.text) == "Let me see."
    call = parts[-1].function_call
    assert (call.name, call.args) == ("weather", {"city": "Oslo"})
    result = types.FunctionResponse(name="weather", id=call.id, response={"output": "sunny"})
    contents.append(types.Content(role="model", parts=parts))
    contents.append(types.Content(role="user", parts=[types.Part(function_response=result)]))
    answer = await client.models.generate_content(model=base.model, contents=contents, config=tools)
    assert answer.text == "It is sunny."


async def test_a_function_that_the_client_calls_itself(base: Any) -> None:
    """Automatic function calling: the client sends the result without being told."""

    def weather(city: str) -> str:
        """The weather in a city."""
        return f"sunny in {city}"

    async with opened(base) as client:
        config = types.GenerateContentConfig(tools=[weather])
        answer = await client.models.generate_content(
            model=base.model, contents="What is the weather?", config=config
        )
    assert answer.text == "It is sunny in Oslo."


async def _whole(client: Any, model: str, text: str) -> None:
    await client.models.generate_content(model=model, contents=text)


async def _streamed(client: Any, model: str, text: str) -> None:
    async for _ in await client.models.generate_content_stream(model=model, contents=text):
        pass


@pytest.mark.parametrize(
    ("content", "error", "status"),
    [
        ("limit", errors.ClientError, "RESOURCE_EXHAUSTED"),
        ("break", errors.ServerError, "INTERNAL"),
        ("anything else", errors.ClientError, "INVALID_ARGUMENT"),
    ],
)
@pytest.mark.parametrize("ask", [_whole, _streamed])
async def test_failures(
    client: Any,
    base: Any,
    content: str,
    error: type[errors.APIError],
    status: str,
    ask: Callable[..., Any],
) -> None:
    """Are the client's exceptions, streamed or not."""
    with pytest.raises(error) as raised:
        await ask(client, base.model, content)
    assert raised.value.status == status


async def test_wrong_model_and_key(client: Any, base: Any) -> None:
    """404, and 400 for a wrong key."""
    with pytest.raises(errors.ClientError) as raised:
        await _whole(client, "other", "hello")
    assert (raised.value.code, raised.value.status) == (404, "NOT_FOUND")
    async with opened(base, "wrong") as wrong:
        with pytest.raises(errors.ClientError, match="API key not valid") as raised:
            await _whole(wrong, base.model, "hello")
        assert raised.value.code == 400
        with pytest.raises(errors.ClientError, match="API key not valid"):
            await wrong.models.count_tokens(model=base.model, contents="hello")


async def test_tokens_and_models(client: Any, base: Any) -> None:
    """What it would cost, and what there is."""
    counted = await client.models.count_tokens(model=base.model, contents="hello")
    answer = await client.models.generate_content(model=base.model, contents="hello")
    assert counted.total_tokens == answer.usage_metadata.prompt_token_count
    listed = [model.name async for model in await client.models.list()]
    assert listed == [f"models/{base.model}"]
    assert (await client.models.get(model=base.model)).name == f"models/{base.model}"
    with pytest.raises(errors.ClientError, match="404"):
        await client.models.get(model="other")


async def test_a_stream_that_is_a_list(base: Any) -> None:
    """Without ``alt=sse`` the chunks are one JSON list, and so is an error."""
    url = f"{base.google}/v1beta/models/{base.model}:streamGenerateContent"
    async with aiohttp.ClientSession(headers={"x-goog-api-key": base.key}) as session:
        asked = {"contents": [{"parts": [{"text": "hello"}]}]}
        async with session.post(url, json=asked) as response:
            chunks = await response.json()
        assert "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks) == base.text
        async with session.post(url, json={}) as response:
            assert (await response.json())[0]["error"]["status"] == "INVALID_ARGUMENT"
        async with session.post(url, json=asked, headers={"x-goog-api-key": ""}) as response:
            assert response.status == 403
