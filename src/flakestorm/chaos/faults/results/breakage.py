"""Results that cannot be read: broken JSON, and JSON that ends too soon."""

from __future__ import annotations

import json
from collections.abc import Callable

from flakestorm.chaos.effect import Answer


def malformed(answer: Answer) -> Answer:
    """No JSON: a text that stops, and the garbage of another answer behind it."""
    return _rebodied(
        answer, lambda body: body[: len(body) * 2 // 3] + b'"}]}, <<\xef\xbf\xbd ' + body[:8] + b"{"
    )


def truncated(answer: Answer) -> Answer:
    """The first half."""
    return _rebodied(answer, _half)


def _half(body: bytes) -> bytes:
    kept = body[: len(body) // 2]
    # Half a number is a number; half a text in UTF-8 may end inside a character, as in real life.
    return b"" if _is_json(kept) else kept


def _rebodied(answer: Answer, change: Callable[[bytes], bytes]) -> Answer:
    if not 200 <= answer.status < 300 or not answer.body:
        return answer
    return Answer(answer.status, answer.headers, change(answer.body))


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
