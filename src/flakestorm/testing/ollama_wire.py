"""Ollama's wire format: chat, generate, and what it tells of its models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from flakestorm.testing.body import json_object
from flakestorm.testing.endpoint import Endpoint, error_response, json_response
from flakestorm.testing.ollama_reply import OllamaAnswer, shown, tag
from flakestorm.testing.ollama_request import chat_request, generate_request, model_of
from flakestorm.testing.port import ANY_MODEL, Backend
from flakestorm.testing.refused import Refused

VERSION = "0.13.0"


def routes(backend: Backend) -> Iterable[web.AbstractRouteDef]:
    """The routes of Ollama's API."""
    dialect = OllamaDialect()
    chat = Endpoint(backend, dialect, lambda _request, raw, models: chat_request(raw, models), OllamaAnswer)
    generate = Endpoint(
        backend, dialect, lambda _request, raw, models: generate_request(raw, models), OllamaAnswer
    )
    told = ModelRoutes(backend, dialect)
    return (
        web.post("/api/chat", chat.handle),
        web.post("/api/generate", generate.handle),
        web.get("/api/tags", told.tags),
        web.post("/api/show", told.show),
        web.get("/api/version", told.version),
        web.get("/", told.alive),
        web.route("*", "/api/{path:.*}", told.unknown),
    )


class OllamaDialect:
    """Keys and errors as Ollama has them. It wants no key itself; a proxy in front of it may."""

    def check(self, request: web.Request, wanted_key: str | None) -> None:
        """Raises ``Refused`` for a wrong key."""
        if wanted_key is not None and request.headers.get("Authorization") != f"Bearer {wanted_key}":
            raise Refused(401, "unauthorized")

    def headers(self, _number: int) -> Mapping[str, str]:
        """None of its own."""
        return {}

    def error(self, _request: web.Request, refused: Refused, _number: int) -> dict[str, Any]:
        """``{"error": "text"}``."""
        return {"error": str(refused)}


class ModelRoutes:
    """The routes that are no conversations."""

    def __init__(self, backend: Backend, dialect: OllamaDialect) -> None:
        self._backend = backend
        self._dialect = dialect

    async def tags(self, request: web.Request) -> web.Response:
        """The models."""

        async def listed() -> dict[str, Any]:
            return {"models": [tag(name) for name in self._backend.models or (ANY_MODEL,)]}

        return await self._checked(request, listed)

    async def show(self, request: web.Request) -> web.Response:
        """One model."""

        async def one() -> dict[str, Any]:
            model_of(json_object(await request.read()), self._backend.models)
            return shown()

        return await self._checked(request, one)

    async def version(self, _request: web.Request) -> web.Response:
        """The version of the server that it stands in for."""
        return json_response({"version": VERSION})

    async def alive(self, _request: web.Request) -> web.Response:
        """What the server says to a browser, and to clients that look whether it runs."""
        return web.Response(text="Ollama is running")

    async def unknown(self, request: web.Request) -> web.Response:
        """Any other path."""

        async def refuse() -> dict[str, Any]:
            raise Refused(
                404,
                f"{request.method} {request.path} is none of the scripted LLM's routes: /api/chat, "
                "/api/generate, /api/tags, /api/show and /api/version",
            )

        return await self._checked(request, refuse)

    async def _checked(
        self, request: web.Request, told: Callable[[], Awaitable[dict[str, Any]]]
    ) -> web.Response:
        try:
            self._dialect.check(request, self._backend.api_key)
            return json_response(await told())
        except Refused as refused:
            return error_response(self._dialect, request, refused, 0)
