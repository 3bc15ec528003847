"""Exceptions of any origin become ours, and ours stay what they are."""

from __future__ import annotations

import asyncio
import json

import pytest

from flakestorm.llm.translation import LONGEST_MESSAGE, translated
from flakestorm.model.chat import LlmErrorKind
from flakestorm.model.errors import FlakestormError, LlmError, MissingExtra


class SomeTransportError(Exception):
    """As the HTTP clients name theirs."""


class WithStatus(Exception):
    """As SDKs make them: with a status, and perhaps with a code or a body."""

    def __init__(self, status: object, **more: object) -> None:
        super().__init__("it says no")
        self.status_code = status
        self.__dict__.update(more)


KINDS = [
    (ConnectionResetError("reset"), LlmErrorKind.UNAVAILABLE),
    (OSError("no route"), LlmErrorKind.UNAVAILABLE),
    (SomeTransportError("gone"), LlmErrorKind.UNAVAILABLE),
    (asyncio.TimeoutError(), LlmErrorKind.TIMEOUT),
    (json.JSONDecodeError("bad", "", 0), LlmErrorKind.BAD_REPLY),
    (KeyError("choices"), LlmErrorKind.BAD_REPLY),
    (RecursionError(), LlmErrorKind.BAD_REPLY),
    (WithStatus(418), LlmErrorKind.REFUSED),
    (WithStatus(200), LlmErrorKind.BAD_REPLY),
    (WithStatus(429, code="insufficient_quota"), LlmErrorKind.REFUSED),
    (WithStatus("none", code=503), LlmErrorKind.UNAVAILABLE),
]


@pytest.mark.parametrize(("error", "kind"), KINDS, ids=[repr(error) for error, _ in KINDS])
def test_kinds(error, kind):
    """By status first, then by name; what is unknown is a bad reply, and so is not asked again."""
    with pytest.raises(LlmError) as caught, translated("openai", "m"):
        raise error
    assert caught.value.kind is kind
    assert str(caught.value).startswith(f"openai (m): {kind}: ")
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [LlmError(LlmErrorKind.BUDGET, "spent"), MissingExtra("p", "e", "it")])
def test_ours_pass(error):
    """They say already what they have to say."""
    with pytest.raises(FlakestormError) as caught, translated("openai", "m"):
        raise error
    assert caught.value is error


def test_messages_are_one_short_line():
    """Servers send whole pages."""
    with pytest.raises(LlmError) as caught, translated("p", "m"):
        raise ValueError("<html>\n" + "page " * 1000)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < LONGEST_MESSAGE + 50


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ({"error": {"details": [{"x": 1}, "y", {"retryDelay": "17s"}]}}, 17.0),
        ({"error": {"details": [{"retryDelay": "0.5s"}, {"retryDelay": "9s"}]}}, 0.5),
        ({"error": {"details": {"retryDelay": "17s"}}}, None),
        ({"error": "text"}, None),
        ([1], None),
        (None, None),
    ],
)
def test_waits_in_a_body_of_any_shape(details, seconds):
    """The body is hostile, like everything that comes over the wire."""
    with pytest.raises(LlmError) as caught, translated("google", "m"):
        raise WithStatus(429, details=details)
    assert caught.value.retry_after_s == seconds
