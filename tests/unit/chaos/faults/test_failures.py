"""Errors in each provider's words: status, headers and body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.chaos.faults.words.failure import duration

STATUSES = {
    "rate_limit": (429, 429, 429, 429),
    "quota_exhausted": (429, 402, 429, None),
    "server_error": (500, 500, 500, 500),
    "overloaded": (503, 529, 503, 503),
    "auth_error": (401, 401, 401, 401),
    "not_found": (404, 404, 404, 404),
    "context_length": (400, 400, 400, 400),
}
"""OpenAI (both APIs), Anthropic, Google, Ollama."""
COLUMNS = {"openai": 0, "responses": 0, "anthropic": 1, "google": 2, "ollama": 3}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", STATUSES)
def test_statuses(api: Any, mode: str, stream: bool, engine: Any) -> None:
    """Each error has the provider's status and shape, and names the request by the probe."""
    made = engine(llm=[{"mode": mode}])
    effect = made.effect(api.request(stream))
    wanted = STATUSES[mode][COLUMNS[api.provider]]
    if wanted is None:
        assert effect.held == (f"{mode}: the provider has no such error",)
        return
    assert effect.answer is not None
    assert effect.answer.status == wanted
    body = json.loads(effect.answer.body)
    if api.name == "google_list" and stream:
        (body,) = body
    error = body["error"]
    text = error if isinstance(error, str) else error["message"]
    assert f"request id: req_{made.probe}" in text
    assert "{" not in text


def answered(engine: Any, request: Any, **fault: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and body of the error that one fault gives."""
    answer = engine(llm=[fault]).effect(request).answer
    assert answer is not None
    return dict(answer.headers), json.loads(answer.body)


def test_openai(apis: Any, engine: Any) -> None:
    """Type, code and param, a request id, and limits with their reset as a duration."""
    request = apis("openai").request()
    headers, body = answered(engine, request, mode="rate_limit", retry_after=90)
    assert body["error"]["code"] == "rate_limit_exceeded"
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert headers["retry-after"] == "90"
    assert headers["x-ratelimit-reset-requests"] == "1m30s"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert headers["x-request-id"].startswith("req_FS-")
    assert {
        f"x-ratelimit-{a}-{b}" for a in ("limit", "remaining", "reset") for b in ("requests", "tokens")
    } <= set(headers)
    headers, body = answered(engine, request, mode="quota_exhausted")
    assert (body["error"]["type"], body["error"]["code"]) == ("insufficient_quota", "insufficient_quota")
    assert "retry-after" not in headers
    _, body = answered(engine, request, mode="context_length")
    assert (body["error"]["param"], body["error"]["code"]) == ("messages", "context_length_exceeded")
    _, body = answered(engine, apis("responses").request(), mode="context_length")
    assert body["error"]["param"] == "input"


def test_anthropic(apis: Any, engine: Any) -> None:
    """The type twice, the request id, and limits with their reset as a date."""
    headers, body = answered(engine, apis("anthropic").request(), mode="rate_limit", retry_after=30)
    assert body["type"] == "error"
    assert body["error"]["type"] == "rate_limit_error"
    assert body["request_id"] == headers["request-id"]
    assert headers["anthropic-ratelimit-requests-reset"] == "2026-03-01T12:00:30Z"
    assert headers["anthropic-ratelimit-tokens-reset"] == "2026-03-01T12:00:00Z"
    _, body = answered(engine, apis("anthropic").request(), mode="overloaded")
    assert body["error"]["type"] == "overloaded_error"
    _, body = answered(engine, apis("anthropic").request(), mode="quota_exhausted")
    assert body["error"]["type"] == "billing_error"


def test_google(apis: Any, engine: Any) -> None:
    """Status names, RetryInfo and QuotaFailure; in a list where the stream is one."""
    headers, body = answered(engine, apis("google").request(), mode="rate_limit", retry_after=37)
    assert body["error"]["status"] == "RESOURCE_EXHAUSTED"
    kinds = {detail["@type"].rpartition(".")[2]: detail for detail in body["error"]["details"]}
    assert kinds["RetryInfo"]["retryDelay"] == "37s"
    assert "QuotaFailure" in kinds
    assert headers["retry-after"] == "37"
    headers, body = answered(engine, apis("google").request(), mode="rate_limit")
    assert "retry-after" not in headers
    _, body = answered(engine, apis("google").request(), mode="quota_exhausted")
    assert [detail["@type"].rpartition(".")[2] for detail in body["error"]["details"]] == ["QuotaFailure"]
    _, body = answered(engine, apis("google").request(), mode="auth_error")
    assert body["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_ollama(apis: Any, engine: Any) -> None:
    """One sentence."""
    _, body = answered(engine, apis("ollama").request(), mode="not_found")
    assert body["error"].startswith("model 'm1' not found")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"retry-after": "2"}),
        ({"retry_after": None}, {}),
        ({"retry_after": 200}, {"retry-after": "200"}),
        ({"retry_after": 0.5}, {"retry-after": "0.5"}),
        ({"retry_after": "soon"}, {"retry-after": "soon"}),
        ({"retry_after": None, "retry_after_ms": 1500}, {"retry-after-ms": "1500"}),
        ({"retry_after_ms": 1500}, {"retry-after": "2", "retry-after-ms": "1500"}),
    ],
)
@pytest.mark.parametrize("name", ["openai", "anthropic", "ollama"])
def test_retry_after(name: str, options: Any, expected: dict[str, str], apis: Any, engine: Any) -> None:
    """The headers as configured; null leaves one out."""
    headers, _ = answered(engine, apis(name).request(), mode="rate_limit", **options)
    assert {key: value for key, value in headers.items() if key.startswith("retry-after")} == expected


def test_retry_after_a_date(apis: Any, engine: Any) -> None:
    """The other headers know how far away it is; one in the past is now."""
    request = apis("openai").request()
    headers, _ = answered(engine, request, mode="rate_limit", retry_after="Sun, 01 Mar 2026 12:06:00 GMT")
    assert headers["retry-after"] == "Sun, 01 Mar 2026 12:06:00 GMT"
    assert headers["x-ratelimit-reset-requests"] == "6m0s"
    headers, _ = answered(engine, request, mode="rate_limit", retry_after="Sun, 01 Mar 2020 12:06:00 GMT")
    assert headers["x-ratelimit-reset-requests"] == "0ms"
    headers, _ = answered(engine, request, mode="rate_limit", retry_after="Sun, 01 Mar 2020 12:06:00")
    assert headers["x-ratelimit-reset-requests"] == "2s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.02, "20ms"),
        (1, "1s"),
        (1.5, "1.5s"),
        (60, "1m0s"),
        (360, "6m0s"),
        (7200, "2h0m0s"),
        (3661.25, "1h1m1.25s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    """As OpenAI's headers write it."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 408, 409, 413, 418, 429, 500, 502, 503, 504, 529, 599]
)
def test_any_status(api: Any, status: int, engine: Any) -> None:
    """Every status has an answer in the provider's shape."""
    effect = engine(llm=[{"mode": "status", "status": status}]).effect(api.request())
    assert effect.answer is not None
    assert effect.answer.status == status
    body = json.loads(effect.answer.body)
    if api.provider == "google":
        assert body["error"]["code"] == status
        assert body["error"]["status"].isupper()
    elif api.provider == "anthropic":
        assert body["error"]["type"].endswith(("_error", "too_large"))
    else:
        assert body["error"]


@pytest.mark.parametrize("mode", ["server_error", "auth_error", "html_error"])
@pytest.mark.parametrize("status", [200, 403, 502])
def test_another_status(api: Any, mode: str, status: int, engine: Any) -> None:
    """Modes whose status can be chosen."""
    effect = engine(llm=[{"mode": mode, "status": status}]).effect(api.request())
    assert effect.answer is not None
    assert effect.answer.status == status


@pytest.mark.parametrize("status", [None, 200, 418])
def test_html_error(status: int | None, engine: Any, apis: Any) -> None:
    """A page with the probe in it; 502 unless something else is wanted."""
    made = engine(llm=[{"mode": "html_error", "status": status}])
    answer = made.effect(apis("openai").request()).answer
    assert answer is not None
    assert answer.status == (status or 502)
    assert answer.body.startswith(b"<html>")
    assert made.probe.encode() in answer.body


@pytest.mark.parametrize("stream", [False, True])
def test_bodies_that_are_none(api: Any, stream: bool, engine: Any) -> None:
    """Status 200 with broken JSON, and with nothing."""
    broken = engine(llm=[{"mode": "malformed_json"}]).effect(api.request(stream)).answer
    assert broken is not None
    assert broken.status == 200
    text = broken.body.strip().removeprefix(b"data: ")
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    empty = engine(llm=[{"mode": "empty_body"}]).effect(api.request(stream)).answer
    assert empty is not None
    assert (empty.status, empty.body) == (200, b"")


@pytest.mark.parametrize(
    "mode", ["refused", "reset", "timeout", "billed_but_lost", "wrong_length", "bad_chunk"]
)
def test_connections(mode: str, engine: Any, apis: Any) -> None:
    """What happens to the connection; a hang has a default length."""
    effect = engine(llm=[{"mode": mode}]).effect(apis("openai").request())
    assert effect.fired == (mode,)
    expected = {"refused": "refused", "reset": "reset", "timeout": "hang"}.get(mode, "")
    assert effect.connection == expected
    assert effect.lost == (mode == "billed_but_lost")
    assert effect.framing == (mode if mode in ("wrong_length", "bad_chunk") else "")
    assert effect.hang_ms == (60_000 if mode == "timeout" else 0)


def test_hang_as_long_as_configured(engine: Any, apis: Any) -> None:
    """delay_ms is how long the connection stays open."""
    effect = engine(llm=[{"mode": "timeout", "delay_ms": 0}]).effect(apis("openai").request())
    assert (effect.connection, effect.hang_ms) == ("hang", 0)
