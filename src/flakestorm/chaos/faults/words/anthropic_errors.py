"""Errors as Anthropic's API gives them: status, headers and body."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.failure import KIND_OF_STATUS, Failure, json_answer

_ERRORS = {
    "rate_limit": (
        429,
        "This request would exceed the rate limit of the organization (50 requests a minute)",
    ),
    "quota_exhausted": (402, "The credit balance is too low to use the API"),
    "server_error": (500, "The server had an error while processing the request"),
    "overloaded": (529, "Overloaded"),
    "not_found": (404, "model: {model}"),
    "context_length": (400, "prompt is too long: 231337 tokens > 200000 maximum"),
    "content_filter": (400, "The output was blocked by the content filtering policy"),
}
_AUTH = {401: "invalid x-api-key", 403: "This key has no permission to use the resource"}

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def failure(told: Failure) -> Answer:
    """``told`` as an answer."""
    status, message = _error(told)
    headers: tuple[tuple[str, str], ...] = (("request-id", told.request_id),)
    if status == 429:
        headers = (*headers, *told.retry_headers(), *_limits(told.now, told.available_again))
    elif status in (500, 529):
        headers = (*headers, ("x-should-retry", "true"))
    return json_answer(status, body(status, message, told.request_id), headers)


def body(status: int, message: str, request_id: str) -> dict[str, Any]:
    """The body of an error."""
    type_ = TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    text = f"{message} (request id: {request_id})"
    return {"type": "error", "error": {"type": type_, "message": text}, "request_id": request_id}


def _error(told: Failure) -> tuple[int, str]:
    mode = KIND_OF_STATUS.get(told.status or 0, "") if told.mode == "status" else told.mode
    if mode == "auth_error":
        return told.status or 401, _AUTH.get(told.status or 401, _AUTH[401])
    if mode in _ERRORS:
        status, message = _ERRORS[mode]
        return told.status or status, message.format(model=told.request.name)
    status = told.status or 500
    return status, told.reason(status)


def _limits(now: datetime, again: datetime) -> tuple[tuple[str, str], ...]:
    counts = {"requests": ("50", "0", again), "tokens": ("40000", "39000", now)}
    return tuple(
        (f"anthropic-ratelimit-{what}-{name}", value)
        for what, (limit, left, reset) in counts.items()
        for name, value in (("limit", limit), ("remaining", left), ("reset", rfc_3339(reset)))
    )


def rfc_3339(moment: datetime) -> str:
    """``2026-01-31T12:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
