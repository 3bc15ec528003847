"""The request as a report writes it down."""

from __future__ import annotations

from typing import Any

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.request_shape import request_shape

URL = "http://127.0.0.1:8000/ask"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("keys", "method", "headers", "body"),
    [
        ({}, "POST", {"Content-Type": "application/json"}, '{"input": "{prompt}"}'),
        (
            {"request_template": "q={prompt}", "headers": {"Content-Type": FORM}},
            "POST",
            {"Content-Type": FORM},
            "q={prompt}",
        ),
        ({"method": "GET", "headers": {"X-Key": "k"}}, "GET", {"X-Key": "k"}, ""),
        (
            {"type": "openai", "model": "m"},
            "POST",
            {"Accept": "application/json", "Content-Type": "application/json"},
            '{"model":"m","messages":[{"role":"user","content":"{prompt}"}]}',
        ),
    ],
)
def test_shape(keys: dict[str, Any], method: str, headers: dict[str, str], body: str) -> None:
    """Method, headers and body, with the placeholder where the text goes."""
    shape = request_shape(AgentConfig(endpoint=URL, **keys))
    assert shape is not None
    assert (shape.method, dict(shape.headers), shape.body) == (method, headers, body)


def test_no_shape_without_http() -> None:
    """A Python agent gets no request."""
    assert request_shape(AgentConfig(type="python", endpoint="a:b")) is None
