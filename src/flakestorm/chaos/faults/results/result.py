"""A tool's result, taken out of what surrounds it: plain JSON, text, or the content of an MCP answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.slots import children

Change: TypeAlias = Callable[[Any], Any]
"""From one JSON value to another; text that is no JSON is a string."""

TEXT_TYPES = ("text/", "json", "xml", "javascript", "yaml", "x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Result:
    """``value`` is what the tool says. ``put`` makes the body that says another value instead.

    ``is_json`` tells whether the value was written as JSON; else it is a text.
    """

    value: Any
    put: Callable[[Any], bytes]
    is_json: bool = True


def result_of(answer: Answer) -> Result | None:
    """The result in a good answer; None for errors, for nothing at all, and for what is not text."""
    if not 200 <= answer.status < 300 or not answer.body:
        return None
    try:
        value = json.loads(answer.body)
    except RecursionError:
        return None
    except ValueError:
        return _text(answer)
    return _mcp(value) or Result(value, _compact)


def changing(change: Change) -> Callable[[Answer], Answer]:
    """``change`` for whole answers; what has no result stays as it is."""

    def rewrite(answer: Answer) -> Answer:
        result = result_of(answer)
        if result is None:
            return answer
        changed = change(result.value)
        if changed is result.value or _same(changed, result.value):
            return answer
        return Answer(answer.status, answer.headers, result.put(changed))

    return rewrite


def _same(one: Any, other: Any) -> bool:
    # 1, 1.0 and True are equal, but not the same result.
    return json.dumps(one) == json.dumps(other)


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _text(answer: Answer) -> Result | None:
    kind = next((value.lower() for name, value in answer.headers if name.lower() == "content-type"), "text/")
    if not any(known in kind for known in TEXT_TYPES):
        return None
    try:
        text = answer.body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return Result(text, lambda value: _written(value).encode("utf-8", "replace"), is_json=False)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _mcp(value: Any) -> Result | None:
    """What a tool of an MCP server says: the text of its first content, which may be JSON itself."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        return None
    texts = [item for item in children(value.get("result"), "content") if isinstance(item.get("text"), str)]
    if not texts:
        return None
    said, is_json = texts[0]["text"], True
    try:
        inner = json.loads(said)
    except (ValueError, RecursionError):
        inner, is_json = said, False

    def put(changed: Any) -> bytes:
        outer = json.loads(json.dumps(value))
        text = json.dumps(changed) if is_json else _written(changed)
        next(item for item in outer["result"]["content"] if "text" in item)["text"] = text
        if "structuredContent" in outer["result"] and isinstance(changed, dict):
            outer["result"]["structuredContent"] = changed
        return _compact(outer)

    return Result(inner, put, is_json)
