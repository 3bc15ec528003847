"""Anthropic's wire format: Messages and the counting of tokens, with errors in the real shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web

from flakestorm.testing.anthropic_reply import AssistantMessage, error_body, model_entry, request_id
from flakestorm.testing.anthropic_request import count_request, messages_request, no_model
from flakestorm.testing.endpoint import Endpoint, error_response, json_response
from flakestorm.testing.port import Backend
from flakestorm.testing.refused import Refused
from flakestorm.testing.tokens import prompt_tokens

VERSION_HEADER = "anthropic-version"


def routes(backend: Backend) -> Iterable[web.AbstractRouteDef]:
    """The routes that only Anthropic's API has."""
    dialect = AnthropicDialect()
    messages = Endpoint(
        backend, dialect, lambda _request, raw, models: messages_request(raw, models), AssistantMessage
    )
    return (
        web.post("/v1/messages", messages.handle),
        web.post("/v1/messages/count_tokens", TokenCount(backend, dialect).handle),
    )


class AnthropicDialect:
    """Keys, ids and errors as Anthropic has them."""

    def check(self, request: web.Request, wanted_key: str | None) -> None:
        """Raises ``Refused`` for a wrong key and a missing version."""
        given = request.headers.get("x-api-key"), request.headers.get("Authorization")
        if wanted_key is not None and not {wanted_key, f"Bearer {wanted_key}"}.intersection(given):
            raise Refused(401, "invalid x-api-key")
        if VERSION_HEADER not in request.headers:
            raise Refused(400, f"{VERSION_HEADER}: header is required")

    def headers(self, number: int) -> Mapping[str, str]:
        """The request's id."""
        return {"request-id": request_id(number)}

    def error(self, _request: web.Request, refused: Refused, number: int) -> dict[str, Any]:
        """``{"type": "error", …}``."""
        return error_body(refused.status, str(refused), number)

    def model_list(self, names: Sequence[str]) -> dict[str, Any]:
        """``GET /v1/models``, all on one page."""
        data = [model_entry(name) for name in names]
        return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}

    def model_entry(self, name: str) -> dict[str, Any]:
        """``GET /v1/models/NAME``."""
        return model_entry(name)

    def no_model(self, name: str) -> Refused:
        """404."""
        return no_model(name)


class TokenCount:
    """``POST /v1/messages/count_tokens``: the script is not asked."""

    def __init__(self, backend: Backend, dialect: AnthropicDialect) -> None:
        self._backend = backend
        self._dialect = dialect

    async def handle(self, request: web.Request) -> web.Response:
        """How many tokens the conversation has."""
        number = self._backend.number()
        try:
            self._dialect.check(request, self._backend.api_key)
            asked = count_request(await request.read(), self._backend.models)
        except Refused as refused:
            return error_response(self._dialect, request, refused, number)
        count = {"input_tokens": prompt_tokens(asked.messages)}
        return json_response(count, headers=self._dialect.headers(number))
