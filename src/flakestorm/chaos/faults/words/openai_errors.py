"""Errors as OpenAI's APIs give them: status, headers and body."""

from __future__ import annotations

from typing import Any, NamedTuple

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.failure import KIND_OF_STATUS, Failure, duration, json_answer


class _Error(NamedTuple):
    status: int
    type: str
    code: str | None
    message: str
    param: str | None = None


_ERRORS = {
    "rate_limit": _Error(
        429,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for {model} on requests per min (RPM): Limit 500, Used 500, Requested 1. "
        "Please try again in {wait}",
    ),
    "quota_exhausted": _Error(
        429,
        "insufficient_quota",
        "insufficient_quota",
        "The quota of this account is used up. Check its plan and billing details",
    ),
    "server_error": _Error(
        500,
        "server_error",
        None,
        "The server had an error while processing the request. It can be tried again",
    ),
    "overloaded": _Error(
        503, "server_error", None, "The engine is overloaded at the moment. Try again later"
    ),
    "not_found": _Error(
        404,
        "invalid_request_error",
        "model_not_found",
        "The model '{model}' does not exist, or this key has no access to it",
    ),
    "context_length": _Error(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "The maximum context length of this model is 128000 tokens, and the messages have 151337. "
        "Reduce their length",
        "messages",
    ),
}
_AUTH = {
    401: _Error(401, "invalid_request_error", "invalid_api_key", "The API key that was sent is not valid"),
    403: _Error(
        403,
        "request_forbidden",
        "unsupported_country_region_territory",
        "This key may not be used from where the request came from",
    ),
}


def failure(told: Failure) -> Answer:
    """``told`` as an answer."""
    error = _error(told)
    values = {"model": told.request.name, "wait": duration(told.wait_s)}
    message = f"{error.message.format(**values)} (request id: {told.request_id})."
    headers: tuple[tuple[str, str], ...] = (("x-request-id", told.request_id), ("openai-processing-ms", "12"))
    if error.code == "rate_limit_exceeded":
        headers = (*headers, *told.retry_headers(), *_limits(told))
    param = "input" if error.param and told.request.provider == "responses" else error.param
    return json_answer(error.status, body(message, error.type, error.code, param), headers)


def body(message: str, type_: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


def _error(told: Failure) -> _Error:
    status = told.status
    mode = KIND_OF_STATUS.get(status or 0, "") if told.mode == "status" else told.mode
    if mode == "auth_error":
        return _AUTH.get(status or 401) or _AUTH[401]._replace(status=status or 401)
    known = _ERRORS.get(mode)
    if known is not None:
        return known if status is None else known._replace(status=status)
    status = status or 500
    type_ = "server_error" if status >= 500 else "invalid_request_error"
    return _Error(status, type_, None, told.reason(status))


def _limits(told: Failure) -> tuple[tuple[str, str], ...]:
    wait = duration(told.wait_s)
    return (
        ("x-ratelimit-limit-requests", "500"),
        ("x-ratelimit-limit-tokens", "30000"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-remaining-tokens", "29400"),
        ("x-ratelimit-reset-requests", wait),
        ("x-ratelimit-reset-tokens", "1.2s"),
    )
