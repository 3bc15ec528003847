"""Paths that several APIs have, ``/v1/models`` above all: the request's headers tell which one is meant."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from flakestorm.testing.anthropic_wire import VERSION_HEADER, AnthropicDialect
from flakestorm.testing.endpoint import error_response, json_response
from flakestorm.testing.google_wire import KEY_HEADER, GoogleDialect
from flakestorm.testing.openai_wire import OpenAIDialect
from flakestorm.testing.port import ANY_MODEL, Backend, Catalogue
from flakestorm.testing.refused import Refused

PATHS = (
    "/v1/chat/completions, /v1/responses, /v1/messages, /v1/messages/count_tokens, "
    "/v1beta/models/NAME:generateContent (also :streamGenerateContent and :countTokens; also under /v1), "
    "/v1/models and Ollama's under /api"
)


def routes(backend: Backend) -> Iterable[web.AbstractRouteDef]:
    """The common routes, and one for every path that there is not: to be added last."""
    paths = CommonPaths(backend)
    for version in ("/v1", "/v1beta"):
        yield web.get(f"{version}/models", paths.models)
        yield web.get(f"{version}/models/{{name}}", paths.model)
    yield web.route("*", "/{path:.*}", paths.unknown)


class CommonPaths:
    """Finds out who asks, and answers in their words."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._openai = OpenAIDialect()
        self._anthropic = AnthropicDialect()
        self._google = GoogleDialect()

    async def models(self, request: web.Request) -> web.Response:
        """The list of models."""
        dialect = self._dialect(request)
        number = self._backend.number()
        try:
            dialect.check(request, self._backend.api_key)
        except Refused as refused:
            return error_response(dialect, request, refused, number)
        names = self._backend.models or (ANY_MODEL,)
        return json_response(dialect.model_list(names), headers=dialect.headers(number))

    async def model(self, request: web.Request) -> web.Response:
        """One model."""
        dialect = self._dialect(request)
        number = self._backend.number()
        name = request.match_info["name"]
        try:
            dialect.check(request, self._backend.api_key)
            if self._backend.models and name not in self._backend.models:
                raise dialect.no_model(name)
        except Refused as refused:
            return error_response(dialect, request, refused, number)
        return json_response(dialect.model_entry(name), headers=dialect.headers(number))

    async def unknown(self, request: web.Request) -> web.Response:
        """Any other path."""
        message = f"Invalid URL ({request.method} {request.path}): the scripted LLM has {PATHS}."
        refused = Refused(404, message, code="unknown_url")
        return error_response(self._dialect(request), request, refused, self._backend.number())

    def _dialect(self, request: web.Request) -> Catalogue:
        if VERSION_HEADER in request.headers or "x-api-key" in request.headers:
            return self._anthropic
        google = KEY_HEADER in request.headers or "key" in request.query
        return self._google if google or request.path.startswith("/v1beta/") else self._openai
