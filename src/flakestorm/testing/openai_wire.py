"""OpenAI's wire format: Chat Completions and Responses, with errors in the real shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web

from flakestorm.testing.endpoint import Endpoint
from flakestorm.testing.openai_reply import completion, error_body, model_entry
from flakestorm.testing.openai_request import chat_request, no_model
from flakestorm.testing.port import Backend
from flakestorm.testing.refused import Refused
from flakestorm.testing.responses_memory import ResponsesMemory

CODES = {429: "rate_limit_exceeded"}
"""The codes of errors that the script asks for with nothing but a status."""


def routes(backend: Backend) -> Iterable[web.AbstractRouteDef]:
    """The routes that only OpenAI's API has."""
    dialect = OpenAIDialect()
    memory = ResponsesMemory()
    chat = Endpoint(backend, dialect, lambda _request, raw, models: chat_request(raw, models), completion)
    responses = Endpoint(backend, dialect, memory.read, memory.write)
    return (
        web.post("/v1/chat/completions", chat.handle),
        web.post("/v1/responses", responses.handle),
    )


class OpenAIDialect:
    """Keys, ids and errors as OpenAI has them."""

    def check(self, request: web.Request, wanted_key: str | None) -> None:
        """Raises ``Refused`` for a wrong key."""
        if wanted_key is not None and request.headers.get("Authorization") != f"Bearer {wanted_key}":
            raise Refused(401, "Incorrect API key provided.", code="invalid_api_key")

    def headers(self, number: int) -> Mapping[str, str]:
        """The request's id."""
        return {"x-request-id": f"req_{number:012}"}

    def error(self, _request: web.Request, refused: Refused, _number: int) -> dict[str, Any]:
        """``{"error": …}``."""
        code = refused.code or CODES.get(refused.status)
        return error_body(refused.status, str(refused), refused.param, code)

    def model_list(self, names: Sequence[str]) -> dict[str, Any]:
        """``GET /v1/models``."""
        return {"object": "list", "data": [model_entry(name) for name in names]}

    def model_entry(self, name: str) -> dict[str, Any]:
        """``GET /v1/models/NAME``."""
        return model_entry(name)

    def no_model(self, name: str) -> Refused:
        """404."""
        return no_model(name)
