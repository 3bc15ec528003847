"""Gemini's wire format: generateContent, its stream and the counting of tokens, under both versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web

from flakestorm.testing.endpoint import Endpoint, error_response, json_response
from flakestorm.testing.google_reply import Generation, error_body, model_entry
from flakestorm.testing.google_request import GenerateRequest, generate_request
from flakestorm.testing.port import Backend
from flakestorm.testing.refused import Refused
from flakestorm.testing.tokens import prompt_tokens

KEY_HEADER = "x-goog-api-key"
MODEL_PATHS = ("/v1beta/models/{model}", "/v1/models/{model}")
STREAMED = "streamGenerateContent"
BAD_KEY = "API_KEY_INVALID"


def routes(backend: Backend) -> Iterable[web.AbstractRouteDef]:
    """The routes that only Gemini's API has."""
    dialect = GoogleDialect()
    generate = Endpoint(backend, dialect, read, Generation)
    count = TokenCount(backend, dialect)
    for path in MODEL_PATHS:
        yield web.post(f"{path}:generateContent", generate.handle)
        yield web.post(f"{path}:{STREAMED}", generate.handle)
        yield web.post(f"{path}:countTokens", count.handle)


def read(request: web.Request, raw: bytes, models: Sequence[str]) -> GenerateRequest:
    """The request, most of which is in its URL. Raises ``Refused``."""
    model = request.match_info["model"]
    if models and model not in models:
        raise no_model(model)
    stream = request.path.endswith(f":{STREAMED}")
    return generate_request(raw, model, stream, request.query.get("alt") == "sse")


def no_model(name: str) -> Refused:
    """There is no model ``name``."""
    return Refused(404, f"models/{name} is not found, or is not supported for generateContent.")


class GoogleDialect:
    """Keys and errors as Google has them."""

    def check(self, request: web.Request, wanted_key: str | None) -> None:
        """Raises ``Refused`` for a wrong key, which this API calls a wrong argument."""
        given = request.headers.get(KEY_HEADER) or request.query.get("key")
        if wanted_key is None or given == wanted_key:
            return
        if given is None:
            raise Refused(403, "Method doesn't allow unregistered callers: pass an API key.")
        raise Refused(400, "API key not valid. Please pass a valid API key.", code=BAD_KEY)

    def headers(self, _number: int) -> Mapping[str, str]:
        """None of its own."""
        return {}

    def error(self, request: web.Request, refused: Refused, _number: int) -> Any:
        """``{"error": …}``; where a list would have been streamed, in a list."""
        body = error_body(refused.status, str(refused), _details(refused))
        listed = request.path.endswith(f":{STREAMED}") and request.query.get("alt") != "sse"
        return [body] if listed else body

    def model_list(self, names: Sequence[str]) -> dict[str, Any]:
        """``GET /v1beta/models``, all on one page."""
        return {"models": [model_entry(name) for name in names]}

    def model_entry(self, name: str) -> dict[str, Any]:
        """``GET /v1beta/models/NAME``."""
        return model_entry(name)

    def no_model(self, name: str) -> Refused:
        """404."""
        return no_model(name)


class TokenCount:
    """``POST …:countTokens``: the script is not asked."""

    def __init__(self, backend: Backend, dialect: GoogleDialect) -> None:
        self._backend = backend
        self._dialect = dialect

    async def handle(self, request: web.Request) -> web.Response:
        """How many tokens the conversation has."""
        try:
            self._dialect.check(request, self._backend.api_key)
            asked = read(request, await request.read(), self._backend.models)
        except Refused as refused:
            return error_response(self._dialect, request, refused, 0)
        return json_response({"totalTokens": prompt_tokens(asked.messages)})


def _details(refused: Refused) -> list[dict[str, Any]] | None:
    if refused.code != BAD_KEY:
        return None
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": BAD_KEY}
    return [{**info, "domain": "googleapis.com"}]
