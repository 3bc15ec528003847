"""The scripted LLM, asked by the official OpenAI client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import openai
import pytest

from flakestorm.testing import Failure, Message, Received, Reply, Rule, ScriptedLLM, Tool, ToolCall

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
RULES = [
    Rule("weather", Reply(tool_calls=(ToolCall("weather", {"city": "Oslo"}),)), then="It is {result}."),
    Rule("limit", Failure(429, "Rate limit reached", {"Retry-After": "1"})),
    Rule("break", Failure(500, "The server had an error")),
    Rule("hello", Reply("Hello there, grüß dich!", delay_s=0.001)),
]
USER: Any = {"role": "user", "content": "hello"}


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A running LLM with ``RULES``."""
    async with ScriptedLLM(RULES, models=["gpt-test"], api_key="sk-right", kept=3) as running:
        yield running


@pytest.fixture
async def client(llm: ScriptedLLM) -> AsyncIterator[openai.AsyncOpenAI]:
    """The official client, which does not try again."""
    async with openai.AsyncOpenAI(base_url=llm.openai_url, api_key="sk-right", max_retries=0) as made:
        yield made


async def test_a_text(client: openai.AsyncOpenAI, llm: ScriptedLLM) -> None:
    """With usage, ids, and a log of what was asked."""
    answer = await client.chat.completions.create(model="gpt-test", messages=[USER])
    assert answer.choices[0].message.content == "Hello there, grüß dich!"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.id.startswith("chatcmpl-")
    assert answer._request_id
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    asked = {"model": "gpt-test", "messages": [USER]}
    assert list(llm.requests) == [Received("POST", "/v1/chat/completions", asked)]


async def test_a_streamed_text(client: openai.AsyncOpenAI) -> None:
    """In several chunks, the usage last."""
    stream = await client.chat.completions.create(
        model="gpt-test", messages=[USER], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    texts = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert "".join(texts) == "Hello there, grüß dich!"
    assert len(texts) == 4
    assert chunks[-1].usage is not None


async def test_an_agent_loop(client: openai.AsyncOpenAI) -> None:
    """Tool call, result, answer; the client's own stream helper puts the calls together."""
    messages: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    async with client.chat.completions.stream(model="gpt-test", messages=messages, tools=[WEATHER]) as stream:
        asked = (await stream.get_final_completion()).choices[0]
    assert asked.finish_reason == "tool_calls"
    assert asked.message.tool_calls is not None
    call = asked.message.tool_calls[0]
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Oslo"}')
    messages.append(
        {
            "role": "assistant",
            "tool_calls": [
                {
                    **call.model_dump(include={"id", "type"}),
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
            ],
        }
    )
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    answer = await client.chat.completions.create(model="gpt-test", messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == "It is sunny."


async def test_the_sync_client(llm: ScriptedLLM) -> None:
    """In a thread of its own."""

    def ask() -> str | None:
        with openai.OpenAI(base_url=llm.openai_url, api_key="sk-right") as client:
            return (
                client.chat.completions.create(model="gpt-test", messages=[USER]).choices[0].message.content
            )

    assert await asyncio.to_thread(ask) == "Hello there, grüß dich!"


async def test_models(client: openai.AsyncOpenAI) -> None:
    """The list, one of them, and one that is none."""
    assert [model.id async for model in client.models.list()] == ["gpt-test"]
    assert (await client.models.retrieve("gpt-test")).object == "model"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-none")


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        ("limit", openai.RateLimitError, "rate_limit_exceeded"),
        ("break", openai.InternalServerError, None),
        ("anything else", openai.BadRequestError, None),
    ],
)
async def test_failures_are_the_clients_exceptions(
    client: openai.AsyncOpenAI, content: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    """With message and code where the client looks for them."""
    with pytest.raises(error) as raised:
        await client.chat.completions.create(
            model="gpt-test", messages=[{"role": "user", "content": content}]
        )
    assert raised.value.code == code
    assert isinstance(raised.value.body, dict)
    assert set(raised.value.body) == {"message", "type", "param", "code"}
    assert (raised.value.response.headers.get("retry-after") == "1") is (content == "limit")


async def test_wrong_model_key_and_path(client: openai.AsyncOpenAI, llm: ScriptedLLM) -> None:
    """404, 401 and 404."""
    with pytest.raises(openai.NotFoundError, match="gpt-other"):
        await client.chat.completions.create(model="gpt-other", messages=[USER])
    wrong = client.with_options(api_key="sk-wrong")
    with pytest.raises(openai.AuthenticationError):
        await wrong.chat.completions.create(model="gpt-test", messages=[USER])
    with pytest.raises(openai.AuthenticationError):
        await wrong.models.list()
    with pytest.raises(openai.NotFoundError, match="/v1/embeddings"):
        await client.embeddings.create(model="gpt-test", input="x")
    assert len(llm.requests) == 3, "only the last ones are kept"


async def test_a_script_that_fails_is_told() -> None:
    """At the client, at once; whatever the model and without a key."""

    def script(messages: Sequence[Message], tools: Sequence[Tool]) -> str:
        raise KeyError("price")

    async with (
        ScriptedLLM(script) as llm,
        openai.AsyncOpenAI(base_url=llm.openai_url, api_key="any") as client,
    ):
        with pytest.raises(openai.BadRequestError, match="KeyError: 'price'"):
            await client.chat.completions.create(model="any", messages=[USER])
        assert [model.id async for model in client.models.list()] == ["scripted"]
        assert (await client.models.retrieve("any")).id == "any"


async def test_a_body_that_is_no_json() -> None:
    """Is refused in the right shape, and logged without a body."""
    async with ScriptedLLM("yes") as llm, aiohttp.ClientSession() as session:
        async with session.post(f"{llm.openai_url}/chat/completions", data=b"{") as response:
            assert response.status == 400
            assert (await response.json())["error"]["type"] == "invalid_request_error"
        assert llm.requests[0].body is None


@pytest.mark.parametrize(
    ("headers", "path", "error"),
    [
        ({}, "/v1/embeddings", {"type": "invalid_request_error", "param": None, "code": "unknown_url"}),
        ({"anthropic-version": "2023-06-01"}, "/v1/batches", {"type": "not_found_error"}),
        ({"x-goog-api-key": "any"}, "/v1/files", {"code": 404, "status": "NOT_FOUND"}),
        ({}, "/v1beta/models/m:embedContent", {"code": 404, "status": "NOT_FOUND"}),
    ],
)
async def test_other_paths_are_refused_in_the_words_of_who_asks(
    headers: dict[str, str], path: str, error: dict[str, Any]
) -> None:
    """And the message says which paths there are."""
    async with (
        ScriptedLLM("yes") as llm,
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{llm.url}{path}", json={}) as response,
    ):
        assert response.status == 404
        told = (await response.json())["error"]
    assert path in told["message"]
    assert "/v1/messages" in told["message"]
    assert {name: told[name] for name in told if name != "message"} == error


async def test_anthropic_wants_a_version() -> None:
    """Its clients send one, whoever uses HTTP alone forgets it."""
    async with (
        ScriptedLLM("yes") as llm,
        aiohttp.ClientSession() as session,
        session.post(f"{llm.anthropic_url}/v1/messages", json={}) as response,
    ):
        assert response.status == 400
        assert "anthropic-version" in (await response.json())["error"]["message"]


async def test_a_server_that_never_started_can_be_closed() -> None:
    """When its port is taken, for example."""
    async with ScriptedLLM("yes") as first:
        second = ScriptedLLM("no", port=first.port)
        with pytest.raises(OSError, match=r"address already in use|Only one usage"):
            await second.__aenter__()
        await second.__aexit__(None, None, None)
    await ScriptedLLM("yes").__aexit__(None, None, None)
