"""What is kept of a body: its beginning, its cost, and whether it had its last word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.chaos.received import HEAD, TAIL, Received
from flakestorm.model.outcome import KEPT_CHARACTERS


def _of(*pieces: bytes) -> Received:
    received = Received()
    for piece in pieces:
        received.add(piece)
    return received


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (b'{"usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}', 7),
        (b'{"usageMetadata": {"totalTokenCount": 9}}', 9),
        (b'{"done": true, "prompt_eval_count": 5, "eval_count": 6}', 11),
        (b'{"done": true, "eval_count": 6}', 6),
        (b'"usage":{"input_tokens":10,"output_tokens":1}}\n"usage":{"output_tokens":20}', 30),
        (b'{"output_tokens": 2}', 2),
        (b"hello", None),
    ],
)
def test_tokens(body: bytes, tokens: int | None) -> None:
    """In each provider's words; of several counts the last one."""
    assert _of(body).tokens == tokens


def test_ends_of_a_long_stream() -> None:
    """The input is told at the beginning and the output at the end, whatever lies between."""
    middle = [b"x" * 1000] * 200
    received = _of(b'{"input_tokens": 4}', *middle, b'{"output_tokens": 5} data: [DONE]')
    assert (received.tokens, received.is_terminated) == (9, True)
    assert received.size == 200_000 + 19 + 33
    assert len(received.text) == KEPT_CHARACTERS


@pytest.mark.parametrize(
    ("body", "terminated"),
    [
        (b"data: [DONE]\n\n", True),
        (b'{"type":"message_stop"}', True),
        (b'{"type": "response.completed"}', True),
        (b'{"done":true}', True),
        (b'"finishReason": "STOP"', True),
        (b'{"done":false}', False),
        (b"data: {}", False),
    ],
)
def test_last_words(body: bytes, terminated: bool) -> None:
    """Each provider's terminator."""
    assert _of(body).is_terminated is terminated


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3 * TAIL), max_size=8))
def test_memory_is_bounded(sizes: list[int]) -> None:
    """Any pieces: the size is right, the beginning is whole, and no more is kept than head and tail."""
    body = bytes(range(256)) * 1000
    received, at = Received(), 0
    for size in sizes:
        received.add(body[at : at + size])
        at += size
    assert received.size == min(at, len(body))
    assert bytes(received._head) == body[: min(at, HEAD)]
    assert len(received._tail) <= 2 * TAIL
    assert body[:at].endswith(bytes(received._tail))
