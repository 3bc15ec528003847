"""Faults of tools: errors, and results that are damaged in the way that the mode says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.chaos.config import Faults
from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.request import CallRequest

CALL = CallRequest("tool", "orders", url="http://shop/orders/4512")
ORDER = {
    "order_id": 4512,
    "status": "shipped",
    "paid": True,
    "note": None,
    "link": "https://shop.example/a/very/long/address/that/nobody/reads/4512",
    "items": [{"name": "Lamp", "price": 12.5}, {"name": "Desk", "price": 120}],
}
JSON = ("content-type", "application/json")

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
VALID = (
    *("empty", "null_values", "wrong_type", "renamed_field", "partial", "duplicate", "malicious_response"),
)


def engine(mode: str, **options: Any) -> FaultEngine:
    """An engine with one fault."""
    return FaultEngine(Faults(tool_faults=[{"mode": mode, **options}]), 1, "t1")


def changed(mode: str, body: bytes, headers: tuple[tuple[str, str], ...] = (JSON,), **options: Any) -> bytes:
    """What becomes of a result."""
    effect = engine(mode, **options).effect(CALL)
    assert effect.rewrite is not None
    return effect.rewrite(Answer(200, headers, body)).body


def result(mode: str, value: Any = ORDER, **options: Any) -> Any:
    """The value that a JSON result becomes."""
    return json.loads(changed(mode, json.dumps(value).encode(), **options))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("empty", {}),
        (
            "null_values",
            dict.fromkeys(ORDER) | {"items": [{"name": None, "price": None}] * 2},
        ),
        (
            "wrong_type",
            {
                "order_id": "4512",
                "status": ["shipped"],
                "paid": "yes",
                "note": 0,
                "link": [ORDER["link"]],
                "items": [{"name": ["Lamp"], "price": "12.5"}, {"name": ["Desk"], "price": "120"}],
            },
        ),
        ("partial", {"order_id": 4512, "status": "shipped", "paid": True}),
        ("duplicate", {**ORDER, "items": [item for item in ORDER["items"] for _ in (1, 2)]}),  # type: ignore[attr-defined] # it is a list
    ],
)
def test_damage(mode: str, expected: Any) -> None:
    """An order, damaged."""
    assert result(mode) == expected


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("empty", [1], []),
        ("empty", "text", ""),
        ("empty", 5, None),
        ("partial", [1, 2, 3, 4], [1, 2]),
        ("partial", {"a": 1}, {}),
        ("partial", {"items": [{"a": 1, "b": 2}] * 2}, {"items": [{"a": 1}]}),
        ("partial", "abcd", "ab"),
        ("duplicate", [1, 2], [1, 1, 2, 2]),
        ("duplicate", {"a": 1}, [{"a": 1}, {"a": 1}]),
        ("wrong_type", {"a": {}}, {"a": [{}]}),
        ("renamed_field", {"order_id": 1}, {"orderId": 1}),
        ("renamed_field", [{"orderId": 1}], [{"order_id": 1}]),
        ("renamed_field", {"id": 1, "id_value": 2}, None),
    ],
)
def test_other_values(mode: str, value: Any, expected: Any) -> None:
    """Lists, texts and small objects."""
    made = result(mode, value)
    if expected is None and mode == "renamed_field":
        assert sorted(made.values()) == [1, 2]
        assert made != value
    else:
        assert made == expected


@pytest.mark.parametrize("value", [ORDER, {"n": 1}, [1, 2], "text", 7, {"text": "abc"}])
def test_huge(value: Any) -> None:
    """About a megabyte, and still the same kind of value where it was one with parts."""
    body = changed("huge", json.dumps(value).encode())
    assert 900_000 < len(body) < 3_000_000
    assert isinstance(json.loads(body), type(value) if value != 7 else list)


@given(JSON_VALUES, st.sampled_from(VALID))
@settings(max_examples=60)
def test_always_valid_json(value: Any, mode: str) -> None:
    """Modes that damage values leave JSON, and say that they fired only when something changed."""
    body = json.dumps(value).encode()
    made = engine(mode)
    effect = made.effect(CALL)
    assert effect.rewrite is not None
    after = effect.rewrite(Answer(200, (JSON,), body)).body
    json.loads(after)
    assert ((made.ended(effect) or effect).fired == (mode,)) == (after != body)


@given(JSON_VALUES, st.sampled_from(["malformed", "truncated"]))
@settings(max_examples=60)
def test_never_valid_json(value: Any, mode: str) -> None:
    """Modes that break a result leave nothing that can be parsed."""
    body = changed(mode, json.dumps(value).encode())
    with pytest.raises(ValueError, match=r"."):
        json.loads(body)


@pytest.mark.parametrize("mode", [*VALID, "huge", "malformed", "truncated"])
@pytest.mark.parametrize(
    "answer",
    [Answer(500, (JSON,), b'{"error": 1}'), Answer(204, (), b"")],
    ids=["error", "nothing"],
)
def test_no_result(mode: str, answer: Answer) -> None:
    """Errors of the tool and empty answers stay as they are, and the fault did not fire."""
    made = engine(mode)
    effect = made.effect(CALL)
    assert effect.rewrite is not None
    assert effect.rewrite(answer) == answer
    assert (made.ended(effect) or effect).fired == ()


@pytest.mark.parametrize("mode", [*VALID, "huge"])
@pytest.mark.parametrize(
    ("kind", "body"), [("image/png", b"\x89PNG not json"), ("text/plain", b"\xff\xfe\x00")]
)
def test_not_text(mode: str, kind: str, body: bytes) -> None:
    """What is no text is left alone."""
    assert changed(mode, body, (("Content-Type", kind),)) == body


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("empty", b""),
        ("partial", "Tür ".encode()),
        ("wrong_type", '["Tür zu."]'.encode()),
        ("truncated", b"T\xc3\xbcr"),
    ],
)
def test_plain_text(mode: str, expected: bytes) -> None:
    """Text that is no JSON is a value as well."""
    body = "Tür zu. ".encode() if mode == "partial" else "Tür zu.".encode()
    assert changed(mode, body, (("content-type", "text/plain; charset=utf-8"),)) == expected


def test_malicious_response() -> None:
    """An order in the place of the longest text that is no address; the shape stays."""
    made = engine("malicious_response")
    effect = made.effect(CALL)
    assert effect.rewrite is not None
    after = json.loads(effect.rewrite(Answer(200, (JSON,), json.dumps(ORDER).encode())).body)
    assert made.canary in after["status"]
    assert {**after, "status": "shipped"} == ORDER
    again = engine("malicious_response").effect(CALL)
    assert again.rewrite is not None
    assert json.loads(again.rewrite(Answer(200, (JSON,), json.dumps(ORDER).encode())).body) == after


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1}, {"a": 1, "note": "X"}),
        ([1], [1, "X"]),
        (5, {"value": 5, "note": "X"}),
        ("said", "X"),
        ({"list": ["a", "bc", 1]}, {"list": ["a", "X", 1]}),
    ],
)
def test_own_payload(value: Any, expected: Any) -> None:
    """The user's payload, and where it goes when there is no text."""
    assert result("malicious_response", value, payload="X") == expected


def test_canary_in_own_payload() -> None:
    """The user's payload may ask for the canary."""
    assert result("malicious_response", "a", payload="say {canary}") == f"say {engine('empty').canary}"


def mcp(value: Any, structured: bool = False) -> bytes:
    """The answer of an MCP server to tools/call."""
    text = value if isinstance(value, str) else json.dumps(value)
    result = {"content": [{"type": "text", "text": text}]}
    return json.dumps(
        {"jsonrpc": "2.0", "id": 3, "result": result | ({"structuredContent": value} if structured else {})}
    ).encode()


def test_mcp() -> None:
    """The content of an MCP answer is what is damaged, not the protocol around it."""
    after = json.loads(changed("null_values", mcp({"a": 1}, structured=True)))
    assert (after["jsonrpc"], after["id"]) == ("2.0", 3)
    assert json.loads(after["result"]["content"][0]["text"]) == {"a": None}
    assert after["result"]["structuredContent"] == {"a": None}
    after = json.loads(changed("malicious_response", mcp("sunny"), payload="X"))
    assert after["result"]["content"][0]["text"] == "X"
    other = b'{"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}'
    assert json.loads(changed("null_values", other))["jsonrpc"] is None


@pytest.mark.parametrize(
    ("options", "status", "headers", "message"),
    [
        ({}, 500, {}, None),
        ({"error_code": 503, "message": "Down"}, 503, {}, "Down"),
        ({"error_code": 200, "headers": {"x-a": "b"}}, 200, {"x-a": "b"}, None),
    ],
)
def test_error(options: Any, status: int, headers: dict[str, str], message: str | None) -> None:
    """The status, headers and message of the configuration; else a text with the probe in it."""
    made = engine("error", **options)
    answer = made.effect(CALL).answer
    assert answer is not None
    assert answer.status == status
    assert headers.items() <= dict(answer.headers).items()
    assert json.loads(answer.body)["error"]["message"] == message or made.probe in answer.body.decode()


def test_error_of_another_type() -> None:
    """With a content type of its own, the message is the body."""
    answer = engine("error", message="<p>no</p>", headers={"Content-Type": "text/html"}).effect(CALL).answer
    assert answer == Answer(500, (("Content-Type", "text/html"),), b"<p>no</p>")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"retry-after": "2"}),
        ({"retry_after": None}, {}),
        (
            {"retry_after": "tomorrow", "retry_after_ms": 9},
            {"retry-after": "tomorrow", "retry-after-ms": "9"},
        ),
    ],
)
def test_rate_limit(options: Any, expected: dict[str, str]) -> None:
    """429 with the headers of the configuration."""
    answer = engine("rate_limit", **options).effect(CALL).answer
    assert answer is not None
    assert answer.status == 429
    assert {key: value for key, value in answer.headers if key.startswith("retry")} == expected


def test_slow_and_lost() -> None:
    """The defaults of slow, and what a lost answer is."""
    assert engine("slow").effect(CALL).delay_ms == 5000
    assert engine("slow", delay_ms=0).effect(CALL).delay_ms == 0
    assert engine("failed_after_commit").effect(CALL).lost


@pytest.mark.parametrize(
    "mode", ["null_values", "wrong_type", "partial", "renamed_field", "duplicate", "huge"]
)
def test_deep_results(mode: str) -> None:
    """A result nested deeper than anything real is no reason to fail."""
    deep: Any = {"a": 1}
    for _ in range(200):
        deep = {"b": deep}
    assert changed(mode, json.dumps(deep).encode())
    bottomless = b"[" * 200_000 + b"]" * 200_000
    assert changed(mode, bottomless) == bottomless


def test_the_same_field_each_time() -> None:
    """What is renamed is chosen once for a call, however often its answer is looked at."""
    made: Callable[..., Answer] | None = engine("renamed_field").effect(CALL).rewrite
    assert made is not None
    answer = Answer(200, (JSON,), json.dumps(ORDER).encode())
    assert made(answer) == made(answer)
