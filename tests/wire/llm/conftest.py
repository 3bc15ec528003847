"""A server on loopback that speaks the four providers' APIs, and breaks them on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

PROVIDERS = ("openai", "anthropic", "google", "ollama")
ENDS = {"openai": "stop", "anthropic": "end_turn", "google": "STOP", "ollama": "stop"}
CUT = {"openai": "length", "anthropic": "max_tokens", "google": "MAX_TOKENS", "ollama": "length"}


@dataclass
class Asked:
    """One request: what was asked, in the provider's own words, and by whom."""

    provider: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def question(self) -> tuple[str, str]:
        """The instructions and the question."""
        body = self.body
        if self.provider == "google":
            system, user = body["systemInstruction"], body["contents"][0]
            return system["parts"][0]["text"], user["parts"][0]["text"]
        if self.provider == "anthropic":
            return body["system"], body["messages"][0]["content"]
        system, user = body["messages"]
        return system["content"], user["content"]


Behaviour = Callable[[Asked, web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """``behave`` decides about each request; ``asked`` are those that came."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    behave: Behaviour = None  # type: ignore[assignment] # set before the server is used
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def base_url(self, provider: str) -> str:
        """What the provider's users write as ``base_url``."""
        return f"{self.url}/v1" if provider == "openai" else self.url

    def answers(self, *texts: str) -> None:
        """Answer with ``texts`` in turn, the last one for ever."""
        self.behaves(*(says(text) for text in texts))

    def behaves(self, *behaviours: Behaviour) -> None:
        """Behave in these ways in turn, in the last one for ever."""
        rest = list(behaviours)

        async def behave(asked: Asked, request: web.Request) -> web.StreamResponse:
            return await (rest.pop(0) if len(rest) > 1 else rest[0])(asked, request)

        self.behave = behave


def says(text: str, reason: str | None = None) -> Behaviour:
    """A good answer of 12 tokens."""

    async def behave(asked: Asked, request: web.Request) -> web.StreamResponse:
        return web.json_response(answer_body(asked.provider, text, reason or ENDS[asked.provider]))

    return behave


def fails(status: int, **extra: Any) -> Behaviour:
    """An error of the provider's; ``headers`` and ``param`` are taken over."""

    async def behave(asked: Asked, request: web.Request) -> web.StreamResponse:
        body = error_body(asked.provider, status, extra.get("param"), extra.get("code"))
        return web.json_response(body, status=status, headers=extra.get("headers"))

    return behave


def garbles(text: str = '{"choices": [', content_type: str = "application/json") -> Behaviour:
    """Status 200, and not what the API promises."""

    async def behave(asked: Asked, request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=content_type)

    return behave


def hangs(server: Server) -> Behaviour:
    """Nothing, until the test is over."""

    async def behave(asked: Asked, request: web.Request) -> web.StreamResponse:
        await server.gone.wait()
        return web.Response()

    return behave


async def cuts(asked: Asked, request: web.Request) -> web.StreamResponse:
    """Half an answer, and the connection is gone."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"half": ')
    assert request.transport is not None
    request.transport.abort()
    return response


def answer_body(provider: str, text: str, reason: str) -> dict[str, Any]:
    """A successful answer in the provider's format: 5 tokens in, 7 out."""
    if provider == "openai":
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        head = {"id": "c1", "object": "chat.completion", "created": 0, "model": "m"}
        return {**head, "choices": [choice], "usage": usage}
    if provider == "anthropic":
        head = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
        blocks = [{"type": "text", "text": text}]
        usage = {"input_tokens": 5, "output_tokens": 7}
        return {**head, "content": blocks, "stop_reason": reason, "usage": usage}
    if provider == "google":
        usage = {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}
        content = {"role": "model", "parts": [{"text": text}]}
        return {"candidates": [{"content": content, "finishReason": reason}], "usageMetadata": usage}
    message = {"role": "assistant", "content": text}
    counts = {"prompt_eval_count": 5, "eval_count": 7}
    return {"model": "m", "done": True, "message": message, "done_reason": reason, **counts}


def error_body(provider: str, status: int, param: str | None, code: str | None) -> dict[str, Any]:
    """An error in the provider's format."""
    said = f"the {provider} server says {status}"
    if provider == "anthropic":
        return {"type": "error", "error": {"type": "some_error", "message": said}}
    if provider == "google":
        retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}
        details = [retry] if status == 429 else []
        return {"error": {"code": status, "message": said, "status": "SOME", "details": details}}
    if provider == "ollama":
        return {"error": said}
    return {"error": {"message": said, "type": "some_error", "param": param, "code": code}}


def provider_of(path: str) -> str:
    """Whose API a path belongs to."""
    if path.endswith("/chat/completions"):
        return "openai"
    if path.endswith("/v1/messages"):
        return "anthropic"
    return "google" if ":generateContent" in path else "ollama"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A running server that says hello."""
    running = Server()
    running.answers("hello")

    async def handle(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        asked = Asked(provider_of(request.path), request.path, dict(request.headers), body)
        running.asked.append(asked)
        return await running.behave(asked, request)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield running
    finally:
        running.gone.set()
        await runner.cleanup()


@dataclass(frozen=True)
class Ways:
    """The ways to behave, for tests that cannot import this file."""

    says = staticmethod(says)
    fails = staticmethod(fails)
    garbles = staticmethod(garbles)
    hangs = staticmethod(hangs)
    cuts = staticmethod(cuts)
    cut_reason = CUT


@pytest.fixture
def ways() -> type[Ways]:
    """How the server can behave."""
    return Ways


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    """Each provider."""
    return str(request.param)
