"""Reads a request of OpenAI's Chat Completions API, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.body import arguments_of, json_object, objects, text_of
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Tool, ToolCall
from flakestorm.testing.tool_results import misplaced

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request in words that all wire formats share, and how its answer is to be sent."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    stream: bool
    include_usage: bool
    choices: int


def chat_request(raw: bytes, models: Sequence[str]) -> ChatRequest:
    """The request in the body ``raw``. Raises ``Refused``."""
    body = json_object(raw)
    model = model_of(body, models)
    messages = _messages(body)
    _check_tool_messages(messages)
    # A model that is told not to call tools cannot be made to.
    tools = () if body.get("tool_choice") == "none" else _tools(body.get("tools") or [])
    options = body.get("stream_options") or {}
    choices = body.get("n")
    return ChatRequest(
        model,
        messages,
        tools,
        bool(body.get("stream")),
        bool(options.get("include_usage")),
        choices if isinstance(choices, int) and choices > 0 else 1,
    )


def model_of(body: dict[str, Any], models: Sequence[str]) -> str:
    """The model that a request of either OpenAI API names. Raises ``Refused``."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(400, "you must provide a model parameter")
    if models and model not in models:
        raise no_model(model)
    return model


def no_model(name: str) -> Refused:
    """There is no model ``name``."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return Refused(404, message, code="model_not_found")


def _messages(body: dict[str, Any]) -> tuple[Message, ...]:
    entries = body.get("messages")
    if entries is None:
        raise Refused(
            400, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"
        )
    if not entries:
        raise Refused(400, "Invalid 'messages': empty array.", "messages", "empty_array")
    return tuple(
        _message(entry, f"messages[{index}]") for index, entry in enumerate(objects(entries, "messages"))
    )


def _message(entry: dict[str, Any], place: str) -> Message:
    role = entry.get("role")
    if role not in ROLES:
        supported = ", ".join(f"'{name}'" for name in ROLES)
        raise Refused(
            400,
            f"Invalid value: {role!r}. Supported values are: {supported}.",
            f"{place}.role",
            "invalid_value",
        )
    calls = tuple(_tool_call(call, f"{place}.tool_calls") for call in entry.get("tool_calls") or ())
    text = text_of(entry.get("content"), f"{place}.content")
    if role == "tool" and not entry.get("tool_call_id"):
        raise Refused(400, f"Missing parameter 'tool_call_id': {place} has the role 'tool'.", place)
    return Message(ROLES[role], text, calls, str(entry.get("tool_call_id") or ""))


def _tool_call(call: Any, place: str) -> ToolCall:
    try:
        function = call["function"]
        return ToolCall(str(function["name"]), arguments_of(function["arguments"]), str(call["id"]))
    except (LookupError, TypeError):
        raise Refused(400, f"Invalid '{place}': id, function.name and function.arguments.", place) from None


def _check_tool_messages(messages: Sequence[Message]) -> None:
    """Every call of the model is answered at once, and nothing else is: the API insists on it."""
    wrong = misplaced(messages)
    if wrong is None:
        return
    if wrong.unanswered:
        raise Refused(
            400,
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. Without response: {', '.join(wrong.unanswered)}",
            f"messages[{wrong.index - 1}]",
        )
    raise Refused(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceding message with "
        "'tool_calls'.",
        f"messages[{wrong.index}].role",
    )


def _tools(entries: Any) -> tuple[Tool, ...]:
    try:
        functions = [entry["function"] for entry in entries if entry["type"] == "function"]
        return tuple(
            Tool(str(f["name"]), str(f.get("description", "")), f.get("parameters") or {}) for f in functions
        )
    except (LookupError, TypeError, AttributeError):
        raise Refused(400, "Invalid 'tools': each has a type and a function with a name.", "tools") from None
