"""Where the reply is inside a JSON answer: at the configured path, or found by itself in the usual places."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from flakestorm.model.nearest import did_you_mean

Path = tuple["str | int", ...]
"""Names and indices from the outside in."""

STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]*'"()?@\s][^.\[\]*'"()]*)
      | \[(?P<index>-?\d+)\]
      | \.?\['(?P<single>(?:[^'\\]|\\.)*)'\]
      | \.?\["(?P<double>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE | re.DOTALL,
)

USUAL_FIELDS = (
    "output",
    "response",
    "result",
    "data",
    "content",
    "text",
    "message",
    "answer",
    "reply",
    "completion",
    "generated_text",
    "output_text",
    "generation",
    "choices",
    "candidates",
    "parts",
    "messages",
    "outputs",
    "results",
    "final_answer",
)
"""Tried in this order where no ``response_path`` is given."""

SPEAKERS = frozenset({"assistant", "ai", "model", "bot", "agent"})
DEEPEST = 12
KEYS_SHOWN = 10


class NoReply(ValueError):
    """The answer came, but no reply is in it; the message is one line for people."""


@lru_cache(maxsize=256)
def parse_path(text: str) -> Path:
    """``$.a.b[0]``, ``$['a']`` or ``a.0.b`` as its steps. Raises ``ValueError`` for anything else."""
    rest = text.strip()
    position = 1 if rest.startswith("$") else 0
    steps: list[str | int] = []
    while position < len(rest):
        match = STEP.match(rest, position)
        if match is None:
            raise ValueError(
                f"{text!r} is not a path that flakestorm reads: it stops at {rest[position:]!r}. "
                "Accepted: $.a.b[0], $['a'] and a.b.0; no wildcards, filters or slices"
            )
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> str | int:
    if match["index"] is not None:
        return int(match["index"])
    quoted = match["single"] if match["single"] is not None else match["double"]
    return str(match["name"]) if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def value_at(value: Any, path: str) -> Any:
    """What is at ``path`` in ``value``. Raises ``NoReply``: which step is missing, and what is there."""
    here = "$"
    for step in parse_path(path):
        if isinstance(value, Mapping):
            name = str(step)
            if name not in value:
                raise NoReply(
                    f"response_path {path!r}: {here} has no {name!r}{_hint(name, value)}{_keys(value)}"
                )
            value = value[name]
            here = f"{here}.{name}"
        elif isinstance(value, list | tuple):
            value = _item(value, step, path, here)
            here = f"{here}[{step}]"
        else:
            raise NoReply(f"response_path {path!r}: {here} is {_describe(value)}, so it has no {step!r}")
    return value


def _item(value: Sequence[Any], step: str | int, path: str, here: str) -> Any:
    try:
        index = int(step)
    except ValueError:
        raise NoReply(f"response_path {path!r}: {here} is a list, so {step!r} must be an index") from None
    if not -len(value) <= index < len(value):
        raise NoReply(f"response_path {path!r}: {here} has {len(value)} items, so there is no [{index}]")
    return value[index]


def _hint(name: str, value: Mapping[str, Any]) -> str:
    return did_you_mean(name, [str(key) for key in value])


def _keys(value: Mapping[str, Any]) -> str:
    shown = [repr(str(key)[:40]) for key in list(value)[:KEYS_SHOWN]]
    more = ", …" if len(value) > KEYS_SHOWN else ""
    return f" (it has {', '.join(shown)}{more})" if shown else " (it is empty)"


def _describe(value: object) -> str:
    names = {str: "a text", bool: "a boolean", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def reply_from_value(value: Any, path: str | None = None) -> str:
    """The reply in ``value``, a parsed JSON answer or what a Python agent returned.

    With ``path`` it is exactly what is there (numbers, lists and objects as JSON); without, the usual
    fields and the shapes of the usual APIs are searched, and the whole value is the reply when none fits.
    Raises ``NoReply``.
    """
    if path is not None:
        value = value_at(value, path)
        if value is None:
            raise NoReply(f"response_path {path!r} leads to null")
    elif value is None:
        raise NoReply("the answer is null")
    else:
        found = find_reply(value)
        if found is not None:
            return found
    return value if isinstance(value, str) else as_json(value)


def as_json(value: object) -> str:
    """``value`` as compact JSON; what JSON does not know is shown as its ``str``. Raises ``NoReply``."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (ValueError, TypeError, RecursionError) as error:
        raise NoReply(f"the answer cannot be written as JSON: {error}") from error


def find_reply(value: Any, depth: int = 0) -> str | None:
    """The text of the reply by the usual names and shapes, or None where nothing looks like one."""
    if isinstance(value, str):
        return value
    if depth > DEEPEST:
        return None
    if isinstance(value, Mapping):
        return _from_fields(value, depth)
    if isinstance(value, list | tuple):
        return _from_list(value, depth)
    return None


def _from_fields(value: Mapping[str, Any], depth: int) -> str | None:
    number: str | None = None
    for name in USUAL_FIELDS:
        held = value.get(name)
        if held is None:
            continue
        found = find_reply(held, depth + 1)
        if found is not None:
            return found
        if number is None and isinstance(held, int | float):
            number = as_json(held)
    refusal = value.get("refusal")
    return refusal if isinstance(refusal, str) else number


def _from_list(items: Sequence[Any], depth: int) -> str | None:
    """The last thing said in a list of messages, or a list of content blocks joined."""
    objects = [item for item in items if isinstance(item, Mapping)]
    if not objects or len(objects) != len(items):
        return None
    spoken = [item for item in objects if _is_spoken(item)]
    for item in reversed(spoken):
        found = find_reply(item, depth + 1)
        if found is not None:
            return found
    texts = [item["text"] for item in objects if isinstance(item.get("text"), str)]
    if texts:
        return "".join(texts)
    return find_reply(objects[0], depth + 1)


def _is_spoken(item: Mapping[str, Any]) -> bool:
    return str(item.get("role", item.get("type", ""))).lower() in SPEAKERS or item.get("type") == "message"
