"""The clients with which planted agents ask their model: httpx, aiohttp, and OpenAI's own, streaming."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import openai

from environment.failures import CallFailed
from environment.language_model import MODEL
from environment.patience import within

Messages = list[dict[str, Any]]
KEY = "sk-test-4f9c2e7a1b8d4c3e9f0a"
"""A key in the usual form; it must not be in any reply."""
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("order_status", "refund")
]


@dataclass(frozen=True)
class ToolRequest:
    """A tool call that the model asks for; ``arguments`` is JSON, if the model is well."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Said:
    """What the model answered; ``finish`` is "" where a stream ended without a word about it."""

    text: str
    requests: tuple[ToolRequest, ...]
    finish: str

    def message(self) -> dict[str, Any]:
        """As a message of the conversation."""
        calls = [
            {"id": r.id, "type": "function", "function": {"name": r.name, "arguments": r.arguments}}
            for r in self.requests
        ]
        return {"role": "assistant", "content": self.text, **({"tool_calls": calls} if calls else {})}


class Client(ABC):
    """Asks the model once. Raises ``CallFailed`` for everything that can go wrong on the way."""

    patience_s: float | None = 1.4
    expected: tuple[type[Exception], ...] = (ValueError, TypeError, KeyError, IndexError, AttributeError)
    """What reading an answer of a wrong form raises."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/chat/completions"

    @abstractmethod
    async def post(self, body: dict[str, Any]) -> Said:
        """The answer to ``body``."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of all connections."""

    async def ask(self, messages: Messages) -> Said:
        """The answer to the conversation so far."""
        try:
            body = {"model": MODEL, "messages": messages, "tools": TOOLS}
            return await within(self.patience_s, self.post(body))
        except asyncio.TimeoutError:
            raise CallFailed("no answer in time") from None

    def read(self, status: int, headers: Any, text: str) -> Said:
        """An answer as it came."""
        if status != 200:
            raise CallFailed(text, status, headers)
        try:
            return self.parsed(json.loads(text))
        except self.expected as error:
            raise CallFailed(f"not an answer: {error}") from None

    def parsed(self, answer: Any) -> Said:
        """The first choice of an answer."""
        choice = answer["choices"][0]
        message = choice["message"]
        requests = tuple(
            ToolRequest(call["id"], call["function"]["name"], call["function"]["arguments"])
            for call in message.get("tool_calls") or ()
        )
        return Said(message.get("content") or "", requests, choice["finish_reason"])


class HttpxClient(Client):
    """Whole answers through httpx."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        # The timeout is around each question; without encryption there is nothing to verify.
        self._client = httpx.AsyncClient(verify=False, trust_env=False, timeout=None)

    async def post(self, body: dict[str, Any]) -> Said:
        """See ``Client``."""
        try:
            answer = await self._client.post(self.url, json=body, headers={"authorization": f"Bearer {KEY}"})
        except httpx.HTTPError as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from None
        return self.read(answer.status_code, answer.headers, answer.text)

    async def close(self) -> None:
        """See ``Client``."""
        await self._client.aclose()


class AiohttpClient(Client):
    """Whole answers through aiohttp."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        timeout = aiohttp.ClientTimeout(total=None)
        self._session = aiohttp.ClientSession(timeout=timeout, headers={"authorization": f"Bearer {KEY}"})

    async def post(self, body: dict[str, Any]) -> Said:
        """See ``Client``."""
        try:
            async with self._session.post(self.url, json=body) as answer:
                return self.read(answer.status, answer.headers, await answer.text(errors="replace"))
        except aiohttp.ClientError as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from None

    async def close(self) -> None:
        """See ``Client``."""
        await self._session.close()


class StreamingClient(Client):
    """Streamed answers through OpenAI's client, without the retries that it would make by itself."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._client = openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=None)

    async def close(self) -> None:
        """See ``Client``."""
        await self._client.close()

    async def post(self, body: dict[str, Any]) -> Said:
        """See ``Client``."""
        try:
            return self.whole(await self.collected(self._client, body))
        except openai.APIStatusError as error:
            raise CallFailed(error.message, error.status_code, error.response.headers) from None
        except (openai.OpenAIError, httpx.HTTPError, ValueError, AttributeError) as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from None

    async def collected(self, client: openai.AsyncOpenAI, body: dict[str, Any]) -> list[Any]:
        """All chunks of the answer."""
        stream: Any = await client.chat.completions.create(**body, stream=True)
        return [chunk async for chunk in stream]

    def whole(self, chunks: list[Any]) -> Said:
        """The chunks as one answer."""
        text, finish = "", ""
        calls: dict[int, list[str]] = {}
        for choice in (choice for chunk in chunks for choice in chunk.choices or ()):
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
            for part in choice.delta.tool_calls or ():
                call = calls.setdefault(part.index, ["", "", ""])
                call[0] = part.id or call[0]
                call[1] += part.function.name or ""
                call[2] += part.function.arguments or ""
        return Said(text, tuple(ToolRequest(*call) for call in calls.values()), finish)
