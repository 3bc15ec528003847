"""Errors as the Gemini API gives them: status and body; it has no headers for limits."""

from __future__ import annotations

from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.failure import KIND_OF_STATUS, Failure, json_answer

JSON_TYPE = "application/json; charset=UTF-8"

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_ERRORS = {
    "rate_limit": (429, "Too many requests a minute for {model}. Please retry in {wait}"),
    "quota_exhausted": (429, "The quota of this project is used up. Check its plan and billing details"),
    "server_error": (500, "An internal error has occurred. It can be tried again"),
    "overloaded": (503, "The model is overloaded. Try again later"),
    "not_found": (
        404,
        "models/{model} is not found for this API version, or does not support generateContent",
    ),
    "context_length": (
        400,
        "The input has 1248173 tokens, which is more than the maximum of 1048576 tokens",
    ),
}
_AUTH = {401: "The API key is not valid", 403: "The caller does not have permission"}
_QUOTA_METRIC = "generativelanguage.googleapis.com/generate_content_free_tier_requests"


def failure(told: Failure) -> Answer:
    """``told`` as an answer; in a list where the caller asked for a stream that is a JSON list."""
    status, message = _error(told)
    text = f"{message} (request id: {told.request_id})."
    error = body(status, text, _details(told))
    in_list = told.request.stream and "alt=sse" not in told.request.url
    # Header limits do not exist here; the configured ones are sent all the same, for proxies send them.
    configured = told.retry_headers() if status == 429 and (told.retry_after or told.retry_after_ms) else ()
    return json_answer(status, [error] if in_list else error, configured, JSON_TYPE)


def body(status: int, message: str, details: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The body of an error."""
    name = STATUS_NAMES.get(status, "UNKNOWN")
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    return {"error": {**error, "details": details} if details else error}


def _error(told: Failure) -> tuple[int, str]:
    mode = KIND_OF_STATUS.get(told.status or 0, "") if told.mode == "status" else told.mode
    if mode == "auth_error":
        return told.status or 401, _AUTH.get(told.status or 401, _AUTH[401])
    if mode in _ERRORS:
        status, message = _ERRORS[mode]
        return told.status or status, message.format(model=told.request.name, wait=f"{told.wait_s:g}s")
    status = told.status or 500
    return status, told.reason(status)


def _details(told: Failure) -> list[dict[str, Any]]:
    if told.mode == "auth_error":
        reason = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        return [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **reason}]
    if told.mode not in ("rate_limit", "quota_exhausted"):
        return []
    violation = {"quotaMetric": _QUOTA_METRIC, "quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    ]
    if told.mode == "rate_limit" and told.retry_after is not None:
        delay = {"retryDelay": f"{told.wait_s:g}s"}
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", **delay})
    return details
