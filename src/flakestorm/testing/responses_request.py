"""Reads a request of OpenAI's Responses API, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.body import arguments_of, json_object, objects, text_of
from flakestorm.testing.openai_request import ROLES, model_of
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Tool, ToolCall
from flakestorm.testing.tool_results import merged

TEXT_PARTS = ("input_text", "output_text", "text")
ECHOED = (
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
)
"""Settings of the request that the answer repeats."""

Recall = Callable[[str], Sequence[Message]]
"""The conversation that ended with the response of an id. Raises ``Refused`` when it is not known."""


@dataclass(frozen=True, slots=True)
class ResponsesRequest:
    """One request. ``instructions`` of earlier requests are not among its messages, as they do not last."""

    model: str
    conversation: tuple[Message, ...]
    instructions: str
    tools: tuple[Tool, ...]
    stream: bool
    settings: dict[str, Any]

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation with the instructions before it."""
        told = (Message("system", self.instructions),) if self.instructions else ()
        return (*told, *self.conversation)


def responses_request(raw: bytes, models: Sequence[str], recall: Recall) -> ResponsesRequest:
    """The request in the body ``raw``; ``recall`` finds what ``previous_response_id`` means.

    Raises ``Refused``.
    """
    body = json_object(raw)
    model = model_of(body, models)
    previous = body.get("previous_response_id")
    before = tuple(recall(str(previous))) if previous else ()
    conversation = merged((*before, *_items(body)))
    _check_results(conversation)
    return ResponsesRequest(
        model,
        conversation,
        str(body.get("instructions") or ""),
        () if body.get("tool_choice") == "none" else _tools(body.get("tools") or []),
        bool(body.get("stream")),
        {name: body[name] for name in ECHOED if body.get(name) is not None},
    )


def _items(body: dict[str, Any]) -> tuple[Message, ...]:
    given = body.get("input")
    if given is None:
        raise Refused(400, "Missing required parameter: 'input'.", "input", "missing_required_parameter")
    if isinstance(given, str):
        return (Message("user", given),)
    items = objects(given, "input")
    if not items:
        raise Refused(400, "Invalid 'input': empty array.", "input", "empty_array")
    found = (_item(item, f"input[{index}]") for index, item in enumerate(items))
    return tuple(message for message in found if message is not None)


def _item(item: dict[str, Any], place: str) -> Message | None:
    kind = item.get("type", "message")
    if kind == "message":
        return _message(item, place)
    if kind == "function_call":
        call_id, name = (_named(item, key, place) for key in ("call_id", "name"))
        call = ToolCall(name, arguments_of(item.get("arguments")), call_id)
        return Message("assistant", tool_calls=(call,))
    if kind == "function_call_output":
        text = text_of(item.get("output"), f"{place}.output", TEXT_PARTS)
        return Message("tool", text, tool_call_id=_named(item, "call_id", place))
    # Reasoning and the tools of the provider's own: the script has no words for them.
    return None


def _message(item: dict[str, Any], place: str) -> Message:
    role = item.get("role")
    if role not in ROLES or role == "tool":
        raise Refused(
            400,
            f"Invalid value: {role!r}. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
            f"{place}.role",
            "invalid_value",
        )
    return Message(ROLES[role], text_of(item.get("content"), f"{place}.content", TEXT_PARTS))


def _named(item: dict[str, Any], key: str, place: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        where = f"{place}.{key}"
        raise Refused(400, f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
    return value


def _check_results(messages: Sequence[Message]) -> None:
    """Calls and results go together; unlike in Chat Completions, other items may stand between them."""
    called = {call.id for message in messages for call in message.tool_calls}
    answered = {message.tool_call_id for message in messages if message.role == "tool"}
    for call_id in sorted(answered - called):
        raise Refused(400, f"No tool call found for function call output with call_id {call_id}.", "input")
    for call_id in sorted(called - answered):
        raise Refused(400, f"No tool output found for function call {call_id}.", "input")


def _tools(entries: Any) -> tuple[Tool, ...]:
    try:
        return tuple(
            Tool(str(entry["name"]), str(entry.get("description") or ""), entry.get("parameters") or {})
            for entry in entries
            if entry["type"] == "function"
        )
    except (LookupError, TypeError, AttributeError):
        raise Refused(400, "Invalid 'tools': each has a type, and a function has a name.", "tools") from None
