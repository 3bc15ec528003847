"""Equal calls have equal keys, different ones do not, and what passes is left out."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.replay.canonical import canonical, canonical_text, key_of, loosely
from flakestorm.replay.recorded_call import Asked

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def llm(body: Any, url: str = "https://api.openai.com/v1/chat/completions") -> Asked:
    """A call of a model."""
    return Asked("llm", "small", "openai", "POST", url, {}, json.dumps(body).encode())


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same with the keys of objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


@settings(max_examples=80, deadline=None)
@given(VALUES, st.integers(0, 99))
def test_the_order_of_keys_and_spaces_do_not_count(value: Any, seed: int) -> None:
    """The same JSON in other words is the same call."""
    one = canonical_text(llm({"prompt": value}))
    other = json.dumps({"prompt": shuffled(value, random.Random(seed))}, indent=3).encode()
    assert one == canonical_text(Asked("llm", "small", "openai", "POST", llm({}).url, {}, other))


@settings(max_examples=80, deadline=None)
@given(VALUES, VALUES)
def test_other_bodies_are_other_calls(one: Any, other: Any) -> None:
    """Keys are equal exactly where the bodies mean the same."""
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    keys = {key_of(canonical_text(llm({"messages": [value]}))) for value in (one, other)}
    # As JSON: to Python, False is 0.
    forms = {json.dumps(canonical(llm({"messages": [value]})), sort_keys=True) for value in (one, other)}
    assert (len(keys) == 1) is (same or len(forms) == 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_body_has_a_form(body: bytes) -> None:
    """Bytes that are no text, no JSON, or half of either."""
    text = canonical_text(Asked("tool", "search", "", "POST", "http://host/search", {}, body))
    assert json.loads(text)["name"] == "search"


def test_what_passes_is_left_out() -> None:
    """Ids of requests and of users, and secrets in the address."""
    one = llm({"model": "small", "user": "u1", "metadata": {"run": 1}, "a": {"request_id": "r1"}})
    other = llm({"model": "small", "user": "u2", "a": {"request_id": "r2"}}, one.url + "?key=abc")
    assert canonical(one) == canonical(other)


def test_a_model_is_known_by_its_api_and_a_tool_by_its_path() -> None:
    """Another server with the same API answers the same; another path of a tool is another tool call."""
    here = llm({"a": 1}, "http://127.0.0.1:1234/proxy/v1/chat/completions?api-version=1")
    there = llm({"a": 1}, "https://api.openai.com/v1/chat/completions?api-version=1")
    assert canonical(here) == canonical(there)
    assert canonical(llm({"a": 1}, "https://x/v1/embeddings"))["path"] == "/embeddings"
    one = Asked("tool", "orders", "", "GET", "http://shop/orders/1")
    assert canonical(one) != canonical(Asked("tool", "orders", "", "GET", "http://shop/orders/2"))
    assert canonical(Asked("tool", "f", "", "CALL", "python:agent.f"))["path"] == "agent.f"


def test_forms_and_parts() -> None:
    """The order of a form's fields and the boundary between parts say nothing."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    forms = [Asked("http", "h", "", "POST", "http://h/", kind, body) for body in (b"a=1&b=2", b"b=2&a=1")]
    assert canonical(forms[0]) == canonical(forms[1])
    parts = [
        Asked(
            "http",
            "h",
            "",
            "POST",
            "http://h/",
            {"content-type": f"multipart/form-data; boundary={name}"},
            f"--{name}\r\n\r\nx\r\n--{name}--".encode(),
        )
        for name in ("aaa", "bbb")
    ]
    assert canonical(parts[0]) == canonical(parts[1])


def test_dates_and_ids_pass() -> None:
    """Yesterday's prompt and today's are loosely the same, and other words are not."""
    yesterday = '"Today is Monday, 2026-11-22T10:00:00Z (id 0b6a1e0c-6a1f-4c8e-9d27-0a4a4f1c1b11), 9:15"'
    today = '"Today is Tuesday, 2026-11-23T11:30:00Z (id 1b6a1e0c-6a1f-4c8e-9d27-0a4a4f1c1b12), 10:20"'
    assert loosely(yesterday) == loosely(today)
    assert loosely(yesterday) != loosely(yesterday.replace("Today", "Now"))
