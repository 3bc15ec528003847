"""OpenAI's wire format: Chat Completions and the list of models, with errors in the real shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from aiohttp import web

from flakestorm.testing.openai_reply import Completion, completion, error_body, model_entry
from flakestorm.testing.openai_request import Refused, chat_request
from flakestorm.testing.port import Backend
from flakestorm.testing.script import Failure

ANY_MODEL = "scripted"
"""Listed where every model is accepted."""
FAILURE_CODES = {429: "rate_limit_exceeded"}


def routes(backend: Backend) -> Iterable[web.AbstractRouteDef]:
    """The routes below ``/v1``."""
    api = OpenAIWire(backend)
    return (
        web.post("/v1/chat/completions", api.chat_completions),
        web.get("/v1/models", api.models),
        web.get("/v1/models/{name}", api.model),
        web.route("*", "/v1/{path:.*}", api.unknown),
    )


class OpenAIWire:
    """Translates between HTTP requests in OpenAI's format and a ``Backend``."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def chat_completions(self, request: web.Request) -> web.StreamResponse:
        """``POST /v1/chat/completions``."""
        try:
            self._check_key(request)
            asked = chat_request(await request.read(), self._backend.models)
        except Refused as refused:
            return _error(refused.status, str(refused), refused.param, refused.code)
        answer = await self._backend.answer(asked.messages, asked.tools)
        if isinstance(answer, Failure):
            code = FAILURE_CODES.get(answer.status)
            return _error(answer.status, answer.message, code=code, headers=dict(answer.headers))
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        made = completion(asked, answer, self._backend.number())
        if asked.stream:
            return await _streamed(request, made)
        return web.json_response(made.body(), headers=_request_id(made.number))

    async def models(self, request: web.Request) -> web.Response:
        """``GET /v1/models``."""
        try:
            self._check_key(request)
        except Refused as refused:
            return _error(refused.status, str(refused), refused.param, refused.code)
        names = self._backend.models or (ANY_MODEL,)
        return web.json_response({"object": "list", "data": [model_entry(name) for name in names]})

    async def model(self, request: web.Request) -> web.Response:
        """``GET /v1/models/NAME``."""
        name = request.match_info["name"]
        if name in (self._backend.models or (name,)):
            return web.json_response(model_entry(name))
        return _error(404, f"The model '{name}' does not exist", "model", "model_not_found")

    async def unknown(self, request: web.Request) -> web.Response:
        """Any other path."""
        message = (
            f"Invalid URL ({request.method} {request.path}): the scripted LLM has /v1/chat/completions and "
            "/v1/models."
        )
        return _error(404, message, code="unknown_url")

    def _check_key(self, request: web.Request) -> None:
        wanted = self._backend.api_key
        if wanted is None or request.headers.get("Authorization") == f"Bearer {wanted}":
            return
        raise Refused(401, "Incorrect API key provided.", code="invalid_api_key")


async def _streamed(request: web.Request, made: Completion) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream; charset=utf-8", **_request_id(made.number)}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for chunk in made.chunks():
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _request_id(number: int) -> dict[str, str]:
    return {"x-request-id": f"req_{number:012}"}


def _error(
    status: int,
    message: str,
    param: str | None = None,
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    return web.json_response(error_body(status, message, param, code), status=status, headers=headers)
