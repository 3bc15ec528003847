"""Ollama's API through its official client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import ollama
import pytest

HELLO = [{"role": "user", "content": "hello"}]


def headers(key: str) -> dict[str, str]:
    """How a proxy in front of Ollama is told the key."""
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def client(base: Any) -> AsyncIterator[ollama.AsyncClient]:
    """The asynchronous client."""
    made = ollama.AsyncClient(base.ollama, headers=headers(base.key))
    yield made
    await made.close()  # type: ignore[no-untyped-call] # the SDK forgot the annotation


def tools(schema: dict[str, Any]) -> Any:
    """The tool as this API declares it."""
    return [{"type": "function", "function": {"name": "weather", "parameters": schema}}]


async def test_a_text(client: ollama.AsyncClient, base: Any) -> None:
    """Whole, with counts."""
    answer = await client.chat(model=base.model, messages=HELLO)
    assert (answer.message.content, answer.done, answer.done_reason) == (base.text, True, "stop")
    assert min(answer.prompt_eval_count or 0, answer.eval_count or 0, answer.total_duration or 0) > 0


async def test_a_streamed_text(client: ollama.AsyncClient, base: Any) -> None:
    """Word by word; the last line has the counts."""
    stream = await client.chat(model=base.model, messages=HELLO, stream=True)
    parts = [part async for part in stream]
    assert [part.done for part in parts] == [False] * 4 + [True]
    assert "".join(part.message.content or "" for part in parts) == base.text
    assert parts[-1].eval_count


async def test_generate(client: ollama.AsyncClient, base: Any) -> None:
    """One text without a conversation, whole and streamed."""
    answer = await client.generate(model=base.model, prompt="hello", system="Be nice.")
    assert (answer.response, answer.done_reason) == (base.text, "stop")
    stream = await client.generate(model=base.model, prompt="hello", stream=True)
    assert "".join([part.response or "" async for part in stream]) == base.text


async def test_the_synchronous_client(base: Any) -> None:
    """Whole and streamed."""

    def ask() -> tuple[str | None, str]:
        with ollama.Client(base.ollama, headers=headers(base.key)) as client:
            whole = client.chat(model=base.model, messages=HELLO).message.content
            stream = client.chat(model=base.model, messages=HELLO, stream=True)
            return whole, "".join(part.message.content or "" for part in stream)

    assert await asyncio.to_thread(ask) == (base.text, base.text)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_loop(
    client: ollama.AsyncClient, base: Any, schema: dict[str, Any], streamed: bool
) -> None:
    """Text and tool call, result, answer."""
    messages: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    if streamed:
        stream = await client.chat(model=base.model, messages=messages, tools=tools(schema), stream=True)
        said = [part.message async for part in stream]
    else:
        said = [(await client.chat(model=base.model, messages=messages, tools=tools(schema))).message]
    assert "".join(message.content or "" for message in said) == "Let me see."
    calls = [call for message in said for call in message.tool_calls or ()]
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("weather", {"city": "Oslo"})
    ]
    messages.append({"role": "assistant", "content": "Let me see.", "tool_calls": calls})
    messages.append({"role": "tool", "tool_name": "weather", "content": "sunny"})
    answer = await client.chat(model=base.model, messages=messages, tools=tools(schema))
    assert answer.message.content == "It is sunny."


async def _whole(client: ollama.AsyncClient, model: str, text: str) -> None:
    await client.chat(model=model, messages=[{"role": "user", "content": text}])


async def _streamed(client: ollama.AsyncClient, model: str, text: str) -> None:
    messages = [{"role": "user", "content": text}]
    async for _ in await client.chat(model=model, messages=messages, stream=True):
        pass


@pytest.mark.parametrize(("content", "status"), [("limit", 429), ("break", 500), ("anything else", 400)])
@pytest.mark.parametrize("ask", [_whole, _streamed])
async def test_failures(
    client: ollama.AsyncClient, base: Any, content: str, status: int, ask: Callable[..., Any]
) -> None:
    """Are the client's exception, streamed or not."""
    with pytest.raises(ollama.ResponseError) as raised:
        await ask(client, base.model, content)
    assert raised.value.status_code == status


async def test_wrong_model_and_key(client: ollama.AsyncClient, base: Any) -> None:
    """404 and 401."""
    with pytest.raises(ollama.ResponseError, match="model 'other' not found"):
        await client.chat(model="other", messages=HELLO)
    wrong = ollama.AsyncClient(base.ollama, headers=headers("wrong"))
    with pytest.raises(ollama.ResponseError, match="unauthorized"):
        await wrong.list()
    await wrong.close()  # type: ignore[no-untyped-call] # the SDK forgot the annotation


async def test_models(client: ollama.AsyncClient, base: Any) -> None:
    """What there is, what it can do, and that it is in the memory."""
    listed = (await client.list()).models
    assert [model.model for model in listed] == [f"{base.model}:latest"]
    assert (await client.show(base.model)).capabilities == ["completion", "tools"]
    with pytest.raises(ollama.ResponseError, match="not found"):
        await client.show("other")
    assert (await client.generate(model=base.model)).done_reason == "load"
    assert (await client.chat(model=f"{base.model}:latest")).done_reason == "load"


async def test_what_only_people_look_at(base: Any) -> None:
    """The version, that it runs, and a path that there is not."""
    async with aiohttp.ClientSession(headers=headers(base.key)) as session:
        async with session.get(f"{base.ollama}/api/version") as response:
            assert "version" in await response.json()
        async with session.get(f"{base.ollama}/") as response:
            assert await response.text() == "Ollama is running"
        async with session.post(f"{base.ollama}/api/embed", json={}) as response:
            assert response.status == 404
            assert "/api/chat" in (await response.json())["error"]
