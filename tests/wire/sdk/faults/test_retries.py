"""Which faults the official clients try again by themselves, how often, and how long they wait for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import anthropic
import ollama
import openai
import pytest
from google import genai
from google.genai import types

MESSAGES: Any = [{"role": "user", "content": "hello"}]
# Everything here is plain HTTP, and loading the certificates takes longer than a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# Google's client makes its own kind of aiohttp session, which aiohttp discourages.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

Ask = Callable[..., Awaitable[Any]]


async def ask_openai(at: dict[str, str], streamed: bool = False, **limits: Any) -> Any:
    """One question to Chat Completions; streamed, the list of chunks."""
    http = openai.DefaultAsyncHttpxClient(verify=False)
    async with openai.AsyncOpenAI(
        base_url=at["OPENAI_BASE_URL"], api_key="any", http_client=http, **limits
    ) as client:
        answer: Any = await client.chat.completions.create(model="any", messages=MESSAGES, stream=streamed)
        return [chunk async for chunk in answer] if streamed else answer


async def ask_anthropic(at: dict[str, str], streamed: bool = False, **limits: Any) -> Any:
    """One question to Messages; streamed, the list of events."""
    http = anthropic.DefaultAsyncHttpxClient(verify=False)
    async with anthropic.AsyncAnthropic(
        base_url=at["ANTHROPIC_BASE_URL"], api_key="any", http_client=http, **limits
    ) as client:
        answer: Any = await client.messages.create(
            model="any", max_tokens=9, messages=MESSAGES, stream=streamed
        )
        return [event async for event in answer] if streamed else answer


def google_client(at: dict[str, str]) -> genai.Client:
    """Google's client as it is by default, but for the certificates."""
    options = types.HttpOptions(
        base_url=at["GOOGLE_GEMINI_BASE_URL"],
        client_args={"verify": NO_TLS},
        async_client_args={"verify": NO_TLS, "ssl": NO_TLS},
    )
    return genai.Client(api_key="any", vertexai=False, http_options=options)


async def ask_google(at: dict[str, str], streamed: bool = False) -> Any:
    """One question to generateContent; streamed, the list of chunks."""
    client = google_client(at)
    try:
        if not streamed:
            return await client.aio.models.generate_content(model="any", contents="hello")
        stream = await client.aio.models.generate_content_stream(model="any", contents="hello")
        return [chunk async for chunk in stream]
    finally:
        await client.aio.aclose()
        client.close()


async def ask_google_in_a_thread(at: dict[str, str], streamed: bool = False) -> Any:
    """The same by the synchronous client."""

    def ask() -> Any:
        with google_client(at) as client:
            if not streamed:
                return client.models.generate_content(model="any", contents="hello")
            return list(client.models.generate_content_stream(model="any", contents="hello"))

    return await asyncio.to_thread(ask)


async def ask_ollama(at: dict[str, str], streamed: bool = False) -> Any:
    """One question to Ollama; streamed, the list of lines."""
    client = ollama.AsyncClient(at["OLLAMA_HOST"], verify=False)
    try:
        answer: Any = await client.chat(model="any", messages=MESSAGES, stream=streamed)
        return [part async for part in answer] if streamed else answer
    finally:
        await client.close()  # type: ignore[no-untyped-call] # the SDK forgot the annotation


def tries(trial: Any) -> list[int]:
    """The number of the try that each call declares."""
    return [call.retry for call in trial.calls()]


@pytest.mark.parametrize("ask", [ask_openai, ask_anthropic])
async def test_rate_limits_are_tried_twice_more(disturb: Any, ask: Ask) -> None:
    """After as many milliseconds as the server said; each try says which one it is."""
    async with disturb("rate_limit", retry_after=None, retry_after_ms=5) as trial:
        with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)):
            await ask(trial.at)
        assert tries(trial) == [0, 1, 2]


@pytest.mark.parametrize("ask", [ask_openai, ask_anthropic])
async def test_a_retry_after_counts_more_than_the_timeout(disturb: Any, ask: Ask) -> None:
    """The client sleeps longer than any of its calls may take."""
    async with disturb("rate_limit", retry_after=0.5) as trial:
        begin = perf_counter()
        with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)):
            await ask(trial.at, timeout=0.4, max_retries=1)
        assert perf_counter() - begin >= 0.5
        assert tries(trial) == [0, 1]


async def test_openai_gives_up_when_it_would_have_to_wait_for_minutes(disturb: Any) -> None:
    """At once."""
    async with disturb("rate_limit", retry_after=200) as trial:
        with pytest.raises(openai.RateLimitError):
            await ask_openai(trial.at)
        assert tries(trial) == [0]


async def test_a_spent_quota(disturb: Any) -> None:
    """OpenAI's is a 429 and tried again, in vain; Anthropic's is a 402 and is not."""
    async with disturb("quota_exhausted") as trial:
        with pytest.raises(openai.RateLimitError) as raised:
            await ask_openai(trial.at, max_retries=1)
        assert raised.value.code == "insufficient_quota"
        assert tries(trial) == [0, 1]
    async with disturb("quota_exhausted") as trial:
        with pytest.raises(anthropic.APIStatusError, match="402"):
            await ask_anthropic(trial.at, max_retries=1)
        assert tries(trial) == [0]


@pytest.mark.parametrize("ask", [ask_openai, ask_anthropic])
async def test_a_lost_connection_is_tried_again(disturb: Any, ask: Ask) -> None:
    """So an answer that was billed and lost is billed again."""
    async with disturb("billed_but_lost") as trial:
        with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError)):
            await ask(trial.at, max_retries=1)
        assert tries(trial) == [0, 1]


async def test_googles_clients_differ(disturb: Any) -> None:
    """The asynchronous one asks once more when the connection is lost, and does not say so."""
    async with disturb("billed_but_lost") as trial:
        with pytest.raises(OSError, match="reset"):
            await ask_google(trial.at)
        assert tries(trial) == [0, 0]
    async with disturb("billed_but_lost") as trial:
        with pytest.raises(Exception, match="reset"):
            await ask_google_in_a_thread(trial.at)
        assert tries(trial) == [0]


@pytest.mark.parametrize("mode", ["server_error", "overloaded", "rate_limit"])
@pytest.mark.parametrize("ask", [ask_google, ask_google_in_a_thread, ask_ollama])
async def test_others_try_no_status_again(disturb: Any, ask: Ask, mode: str) -> None:
    """Unless they are told to."""
    async with disturb(mode) as trial:
        with pytest.raises((genai.errors.APIError, ollama.ResponseError)):
            await ask(trial.at)
        assert tries(trial) == [0]


@pytest.mark.parametrize("mode", ["stream_cut", "malformed_chunk", "silent_truncation"])
@pytest.mark.parametrize("ask", [ask_openai, ask_anthropic, ask_google, ask_google_in_a_thread, ask_ollama])
async def test_nobody_tries_again_once_a_stream_has_begun(disturb: Any, ask: Ask, mode: str) -> None:
    """Whatever happens to it; and a clean end without the terminator is no exception for anybody."""
    async with disturb(mode) as trial:
        if mode == "silent_truncation":
            assert await ask(trial.at, streamed=True)
        else:
            with pytest.raises(Exception):  # noqa: B017, PT011 - each has its own, as the other tests here tell
                await ask(trial.at, streamed=True)
        assert tries(trial) == [0]


@pytest.mark.parametrize("ask", [ask_openai, ask_anthropic])
async def test_a_page_with_status_200_is_taken_for_an_answer(disturb: Any, ask: Ask) -> None:
    """A whole one comes as a str where an object is promised; of a streamed one nothing is left."""
    async with disturb("html_error", status=200) as trial:
        page = await ask(trial.at)
        assert isinstance(page, str)
        assert page.startswith("<html>")
        assert await ask(trial.at, streamed=True) == []
        assert tries(trial) == [0, 0]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("ask", [ask_google, ask_google_in_a_thread, ask_ollama])
async def test_others_notice_that_a_page_is_no_answer(disturb: Any, ask: Ask, streamed: bool) -> None:
    """They cannot parse it."""
    async with disturb("html_error", status=200) as trial:
        with pytest.raises(ValueError, match=r"parse response as JSON|Expecting value"):
            await ask(trial.at, streamed=streamed)
