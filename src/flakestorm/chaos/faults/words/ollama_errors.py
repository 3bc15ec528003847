"""Errors as Ollama gives them: a status, and one sentence."""

from __future__ import annotations

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.failure import KIND_OF_STATUS, Failure, json_answer

JSON_TYPE = "application/json; charset=utf-8"

_ERRORS = {
    "rate_limit": (429, "too many requests"),
    "server_error": (500, "llama runner process has terminated"),
    "overloaded": (503, "server busy, please try again. maximum pending requests exceeded"),
    "not_found": (404, "model '{model}' not found"),
    "context_length": (400, "the input exceeds the context length of 8192 tokens"),
}
_AUTH = {401: "unauthorized", 403: "forbidden"}


def failure(told: Failure) -> Answer | None:
    """``told`` as an answer; None for a quota, which Ollama does not have."""
    if told.mode == "quota_exhausted":
        return None
    status, message = _error(told)
    headers = told.retry_headers() if status == 429 else ()
    return json_answer(status, {"error": f"{message} (request id: {told.request_id})"}, headers, JSON_TYPE)


def _error(told: Failure) -> tuple[int, str]:
    mode = KIND_OF_STATUS.get(told.status or 0, "") if told.mode == "status" else told.mode
    if mode == "auth_error":
        return told.status or 401, _AUTH.get(told.status or 401, _AUTH[401])
    if mode in _ERRORS:
        status, message = _ERRORS[mode]
        return told.status or status, message.format(model=told.request.name)
    status = told.status or 500
    return status, told.reason(status)
