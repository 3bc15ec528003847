"""Reads a request of OpenAI's Chat Completions API, and refuses what the real one refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.script import Message, Tool, ToolCall

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


class Refused(Exception):
    """The request gets an error instead of an answer; the attributes are those of the error body."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code


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
    body = _json_object(raw)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(400, "you must provide a model parameter")
    if models and model not in models:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise Refused(404, message, code="model_not_found")
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


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "We could not parse the JSON body of your request: it must be a JSON object.")
    return body


def _messages(body: dict[str, Any]) -> tuple[Message, ...]:
    entries = body.get("messages")
    if entries is None:
        raise Refused(
            400, "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"
        )
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused(400, "Invalid type for 'messages': expected an array of objects.", "messages")
    if not entries:
        raise Refused(400, "Invalid 'messages': empty array.", "messages", "empty_array")
    return tuple(_message(entry, f"messages[{index}]") for index, entry in enumerate(entries))


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
    text = _text(entry.get("content"), place)
    if role == "tool" and not entry.get("tool_call_id"):
        raise Refused(400, f"Missing parameter 'tool_call_id': {place} has the role 'tool'.", place)
    return Message(ROLES[role], text, calls, str(entry.get("tool_call_id") or ""))


def _text(content: object, place: str) -> str:
    """A message's content is a text, or a list of parts of which the text parts count."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(str(part.get("text", "")) for part in content if part.get("type") == "text")
    raise Refused(
        400,
        f"Invalid type for '{place}.content': expected a string or an array of objects.",
        f"{place}.content",
        "invalid_type",
    )


def _tool_call(call: Any, place: str) -> ToolCall:
    try:
        function = call["function"]
        return ToolCall(str(function["name"]), _arguments(function["arguments"]), str(call["id"]))
    except (LookupError, TypeError):
        raise Refused(400, f"Invalid '{place}': id, function.name and function.arguments.", place) from None


def _arguments(text: str) -> dict[str, Any]:
    # The model wrote them, so whatever an agent sends back is taken as it is.
    try:
        arguments = json.loads(text)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _check_tool_messages(messages: Sequence[Message]) -> None:
    """Every call of the model is answered at once, and nothing else is: the API insists on it."""
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                raise Refused(
                    400,
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message "
                    "with 'tool_calls'.",
                    f"messages[{index}].role",
                )
            open_calls.discard(message.tool_call_id)
            continue
        _check_answered(open_calls, index)
        open_calls = {call.id for call in message.tool_calls}
    _check_answered(open_calls, len(messages))


def _check_answered(open_calls: set[str], index: int) -> None:
    if open_calls:
        raise Refused(
            400,
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. Without response: {', '.join(sorted(open_calls))}",
            f"messages[{index - 1}]",
        )


def _tools(entries: Any) -> tuple[Tool, ...]:
    try:
        functions = [entry["function"] for entry in entries if entry["type"] == "function"]
        return tuple(
            Tool(str(f["name"]), str(f.get("description", "")), f.get("parameters") or {}) for f in functions
        )
    except (LookupError, TypeError, AttributeError):
        raise Refused(400, "Invalid 'tools': each has a type and a function with a name.", "tools") from None
