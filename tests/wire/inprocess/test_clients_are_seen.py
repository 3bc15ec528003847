"""Every official client's calls are seen once each, whole, and with the right words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anthropic
import ollama
import openai
import pytest
import requests
from google import genai
from google.genai.types import HttpOptions

from flakestorm.chaos.inprocess.reach import Reach
from flakestorm.testing import ScriptedLLM

ASK = [{"role": "user", "content": "hi"}]


def _openai(llm: ScriptedLLM) -> str:
    with openai.OpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
        return client.chat.completions.create(model="m", messages=ASK).choices[0].message.content or ""  # type: ignore[arg-type]


def _openai_stream(llm: ScriptedLLM) -> str:
    with openai.OpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
        chunks = client.chat.completions.create(model="m", messages=ASK, stream=True)  # type: ignore[call-overload]
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def _openai_async(llm: ScriptedLLM) -> str:
    async with openai.AsyncOpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
        answer = await client.chat.completions.create(model="m", messages=ASK)  # type: ignore[arg-type]
        return answer.choices[0].message.content or ""


async def _openai_async_stream(llm: ScriptedLLM) -> str:
    async with openai.AsyncOpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
        chunks = await client.chat.completions.create(model="m", messages=ASK, stream=True)  # type: ignore[call-overload]
        return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])


async def _responses(llm: ScriptedLLM) -> str:
    async with openai.AsyncOpenAI(base_url=llm.openai_url, api_key="k", max_retries=0) as client:
        return (await client.responses.create(model="m", input="hi")).output_text


def _anthropic(llm: ScriptedLLM) -> str:
    with anthropic.Anthropic(base_url=llm.anthropic_url, api_key="k", max_retries=0) as client:
        message = client.messages.create(model="m", max_tokens=99, messages=ASK)  # type: ignore[arg-type]
        return message.content[0].text  # type: ignore[union-attr]


def _anthropic_stream(llm: ScriptedLLM) -> str:
    with (
        anthropic.Anthropic(base_url=llm.anthropic_url, api_key="k", max_retries=0) as client,
        client.messages.stream(model="m", max_tokens=99, messages=ASK) as stream,  # type: ignore[arg-type]
    ):
        return "".join(stream.text_stream)


async def _anthropic_async_stream(llm: ScriptedLLM) -> str:
    async with (
        anthropic.AsyncAnthropic(base_url=llm.anthropic_url, api_key="k", max_retries=0) as client,
        client.messages.stream(model="m", max_tokens=99, messages=ASK) as stream,  # type: ignore[arg-type]
    ):
        return "".join([text async for text in stream.text_stream])


def _google_client(llm: ScriptedLLM, session: Any = None) -> genai.Client:
    return genai.Client(
        api_key="k", http_options=HttpOptions(base_url=llm.google_url, aiohttp_client=session)
    )


@asynccontextmanager
async def _google_aio(llm: ScriptedLLM) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession() as session:
        client = _google_client(llm, session)
        yield client.aio
        await client.aio.aclose()
        client.close()


def _google(llm: ScriptedLLM) -> str:
    with _google_client(llm) as client:
        return client.models.generate_content(model="m", contents="hi").text or ""


def _google_stream(llm: ScriptedLLM) -> str:
    with _google_client(llm) as client:
        return "".join(
            part.text or "" for part in client.models.generate_content_stream(model="m", contents="hi")
        )


async def _google_async(llm: ScriptedLLM) -> str:
    async with _google_aio(llm) as client:
        return (await client.models.generate_content(model="m", contents="hi")).text or ""


async def _google_async_stream(llm: ScriptedLLM) -> str:
    async with _google_aio(llm) as client:
        parts = await client.models.generate_content_stream(model="m", contents="hi")
        return "".join([part.text or "" async for part in parts])


def _ollama(llm: ScriptedLLM) -> str:
    client = ollama.Client(llm.ollama_url)
    try:
        return client.chat("m", ASK).message.content or ""
    finally:
        client.close()  # type: ignore[no-untyped-call]


async def _ollama_stream(llm: ScriptedLLM) -> str:
    client = ollama.AsyncClient(llm.ollama_url)
    parts = await client.chat("m", ASK, stream=True)
    said = "".join([part.message.content or "" async for part in parts])
    await client.close()  # type: ignore[no-untyped-call]
    return said


BODY = {"model": "m", "messages": ASK}


def _requests(llm: ScriptedLLM) -> str:
    answer = requests.post(f"{llm.openai_url}/chat/completions", json=BODY, timeout=5)
    return answer.json()["choices"][0]["message"]["content"]


async def _aiohttp(llm: ScriptedLLM) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{llm.openai_url}/chat/completions", json=BODY) as answer,
    ):
        return (await answer.json())["choices"][0]["message"]["content"]


CLIENTS: list[tuple[Callable[[ScriptedLLM], Any], str, str]] = [
    (_openai, "httpx2", "openai"),
    (_openai_stream, "httpx2", "openai"),
    (_openai_async, "httpx2", "openai"),
    (_openai_async_stream, "httpx2", "openai"),
    (_responses, "httpx2", "responses"),
    (_anthropic, "httpx2", "anthropic"),
    (_anthropic_stream, "httpx2", "anthropic"),
    (_anthropic_async_stream, "httpx2", "anthropic"),
    (_google, "httpx2", "google"),
    (_google_stream, "httpx2", "google"),
    (_google_async, "aiohttp", "google"),
    (_google_async_stream, "aiohttp", "google"),
    (_ollama, "httpx", "ollama"),
    (_ollama_stream, "httpx", "ollama"),
    (_requests, "urllib3", "openai"),
    (_aiohttp, "aiohttp", "openai"),
]


@pytest.mark.parametrize(("ask", "library", "provider"), CLIENTS, ids=[row[0].__name__ for row in CLIENTS])
async def test_client_is_seen(
    ask: Callable[[ScriptedLLM], Any],
    library: str,
    provider: str,
    llm: ScriptedLLM,
    reach: Reach,
    trial: Callable[..., Any],
    text: str,
) -> None:
    """One call makes one record, through the client's library, with what it got and what it cost."""
    with trial() as traffic:
        said = await (ask(llm) if asyncio.iscoroutinefunction(ask) else asyncio.to_thread(ask, llm))

    [call] = traffic.calls()
    faults: Any = traffic._faults
    [request] = faults.requests
    assert said == text
    assert reach.seen == {library: 1}
    assert len(llm.requests) == 1
    assert (call.kind, call.name, request.provider, call.status, call.ended) == (
        "llm",
        "m",
        provider,
        200,
        "",
    )
    # OpenAI tells a stream's usage only when asked.
    assert bool(call.tokens) == (ask not in (_openai_stream, _openai_async_stream))
    assert "Hel" in call.received


@pytest.mark.parametrize("ask", [_openai, _ollama, _requests])
async def test_outside_of_trials_nothing_is_seen(
    ask: Callable[[ScriptedLLM], Any], llm: ScriptedLLM, reach: Reach, text: str
) -> None:
    """Calls that belong to no trial pass by untouched."""
    assert await asyncio.to_thread(ask, llm) == text
    assert reach.seen == {}
    assert sum(reach.strays.values()) == 1
