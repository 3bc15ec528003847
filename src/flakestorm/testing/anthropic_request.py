"""Reads a request of Anthropic's Messages API, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.body import json_object, objects, text_of
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Tool, ToolCall
from flakestorm.testing.tool_results import merged, misplaced

ROLES = ("user", "assistant", "system")


@dataclass(frozen=True, slots=True)
class MessagesRequest:
    """One request in words that all wire formats share."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    stream: bool


def messages_request(raw: bytes, models: Sequence[str]) -> MessagesRequest:
    """The request in the body ``raw``. Raises ``Refused``."""
    body = json_object(raw)
    limit = _required(body, "max_tokens")
    if not isinstance(limit, int) or limit < 1:
        raise Refused(400, f"max_tokens: must be an integer of at least 1, not {limit!r}")
    return _request(body, models)


def count_request(raw: bytes, models: Sequence[str]) -> MessagesRequest:
    """A request to count tokens: the same, but nothing is to be written. Raises ``Refused``."""
    return _request(json_object(raw), models)


def no_model(name: str) -> Refused:
    """There is no model ``name``."""
    return Refused(404, f"model: {name}")


def _request(body: dict[str, Any], models: Sequence[str]) -> MessagesRequest:
    model = str(_required(body, "model"))
    if models and model not in models:
        raise no_model(model)
    entries = objects(_required(body, "messages"), "messages")
    if not entries:
        raise Refused(400, "messages: at least one message is required")
    system = text_of(body.get("system"), "system")
    told = (Message("system", system),) if system else ()
    conversation = [part for index, entry in enumerate(entries) for part in _messages(entry, index)]
    messages = merged((*told, *conversation))
    _check_tool_results(messages)
    chosen = body.get("tool_choice") or {}
    forbidden = isinstance(chosen, dict) and chosen.get("type") == "none"
    tools = () if forbidden else _tools(body.get("tools") or [])
    return MessagesRequest(model, messages, tools, bool(body.get("stream")))


def _required(body: dict[str, Any], name: str) -> Any:
    if body.get(name) is None:
        raise Refused(400, f"{name}: Field required")
    return body[name]


def _messages(entry: dict[str, Any], index: int) -> Iterator[Message]:
    """One message of the API is several of ours when it brings results of tools."""
    role = entry.get("role")
    place = f"messages.{index}"
    if role not in ROLES:
        raise Refused(400, f"{place}.role: {role!r} is none of {', '.join(ROLES)}")
    content = entry.get("content")
    blocks = content if isinstance(content, list) else []
    if content is None:
        raise Refused(400, f"{place}.content: Field required")
    text = text_of(content, f"{place}.content")
    results = [block for block in blocks if block.get("type") == "tool_result"]
    for block in results:
        yield _result(block, place)
    calls = tuple(_call(block, place) for block in blocks if block.get("type") == "tool_use")
    if text or calls or not results:
        yield Message(role, text, calls)


def _result(block: dict[str, Any], place: str) -> Message:
    text = text_of(block.get("content"), f"{place}.content")
    return Message("tool", text, tool_call_id=str(block.get("tool_use_id")))


def _call(block: dict[str, Any], place: str) -> ToolCall:
    arguments = block.get("input")
    if not isinstance(arguments, dict) or not block.get("name") or not block.get("id"):
        raise Refused(400, f"{place}.content: a tool_use has an id, a name and an input")
    return ToolCall(str(block["name"]), arguments, str(block["id"]))


def _check_tool_results(messages: Sequence[Message]) -> None:
    wrong = misplaced(messages)
    if wrong is None:
        return
    if wrong.unanswered:
        raise Refused(
            400,
            "messages: `tool_use` ids without `tool_result` blocks at the start of the next message: "
            f"{', '.join(wrong.unanswered)}",
        )
    stray = messages[wrong.index].tool_call_id
    raise Refused(400, f"messages: `tool_result` without a `tool_use` in the message before it: {stray}")


def _tools(entries: Any) -> tuple[Tool, ...]:
    try:
        # Tools without a schema are the provider's own; the script cannot call them.
        return tuple(
            Tool(str(entry["name"]), str(entry.get("description") or ""), entry["input_schema"])
            for entry in entries
            if "input_schema" in entry
        )
    except (LookupError, TypeError, AttributeError):
        raise Refused(400, "tools: each is an object with a name and an input_schema") from None
