"""Reads requests of Ollama's API, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flakestorm.testing.body import json_object, objects
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Tool, ToolCall

ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class OllamaRequest:
    """One request in words that all wire formats share; ``route`` tells how its answer looks."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    stream: bool
    route: Literal["chat", "generate"]


def chat_request(raw: bytes, models: Sequence[str]) -> OllamaRequest:
    """A request of ``/api/chat``. Raises ``Refused``."""
    body = json_object(raw)
    model = model_of(body, models)
    entries = objects(body.get("messages") or [], "messages")
    messages = tuple(_message(entry) for entry in entries)
    return OllamaRequest(model, messages, _tools(body.get("tools") or []), _streamed(body), "chat")


def generate_request(raw: bytes, models: Sequence[str]) -> OllamaRequest:
    """A request of ``/api/generate``: one text, perhaps with rules before it. Raises ``Refused``."""
    body = json_object(raw)
    model = model_of(body, models)
    parts = (("system", body.get("system")), ("user", body.get("prompt")))
    messages = tuple(Message(role, str(text)) for role, text in parts if text)
    return OllamaRequest(model, messages, (), _streamed(body), "generate")


def model_of(body: dict[str, Any], models: Sequence[str]) -> str:
    """The model that is asked; ``:latest`` says nothing. Raises ``Refused``."""
    model = body.get("model") or body.get("name")
    if not isinstance(model, str) or not model:
        raise Refused(400, "model is required")
    if models and model.removesuffix(":latest") not in {name.removesuffix(":latest") for name in models}:
        raise no_model(model)
    return model


def no_model(name: str) -> Refused:
    """There is no model ``name``."""
    return Refused(404, f"model '{name}' not found")


def _streamed(body: dict[str, Any]) -> bool:
    # Unlike the other APIs, this one streams unless it is told not to.
    return body.get("stream") is not False


def _message(entry: dict[str, Any]) -> Message:
    role = entry.get("role")
    if role not in ROLES:
        raise Refused(400, f"invalid role: {role!r}, must be one of {', '.join(ROLES)}")
    content = entry.get("content") or ""
    if not isinstance(content, str):
        raise Refused(400, "messages.content must be a string")
    calls = tuple(_call(call) for call in entry.get("tool_calls") or ())
    # Results may be tied to their call by its id, by the tool's name, or not at all.
    return Message(role, content, calls, str(entry.get("tool_call_id") or entry.get("tool_name") or ""))


def _call(call: Any) -> ToolCall:
    try:
        function = call["function"]
        arguments = function.get("arguments") or {}
        return ToolCall(str(function["name"]), dict(arguments), str(call.get("id") or ""))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Refused(400, "messages.tool_calls: each has a function with a name and arguments") from None


def _tools(entries: Any) -> tuple[Tool, ...]:
    try:
        functions = [entry["function"] for entry in entries]
        return tuple(
            Tool(str(f["name"]), str(f.get("description") or ""), f.get("parameters") or {})
            for f in functions
        )
    except (LookupError, TypeError, AttributeError):
        raise Refused(400, "tools: each has a function with a name") from None
