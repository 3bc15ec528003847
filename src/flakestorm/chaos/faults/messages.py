"""The conversation in an LLM request, in any provider's format: its messages, and their texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flakestorm.chaos.faults.words.failure import json_bytes
from flakestorm.chaos.faults.words.slots import Slot, child, children

_ROLES = {"developer": "system", "model": "assistant", "function": "tool", "human": "user", "ai": "assistant"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``role`` is system, user, assistant or tool; ``text`` is where its text stands."""

    role: str
    text: Slot


def messages_of(request: dict[str, Any]) -> list[Message]:
    """The messages that have a text, oldest first; the system prompt is the first where there is one."""
    found = _system(request)
    for key in ("messages", "input", "contents"):
        if isinstance(request.get(key), str):
            found.append(Message("user", Slot(request, key)))
        for message in children(request, key):
            found.extend(_of(message))
    if isinstance(request.get("prompt"), str):
        found.append(Message("user", Slot(request, "prompt")))
    return found


def changed_text(body: bytes, change: Callable[[list[Message]], None]) -> bytes:
    """``body`` after ``change``; the same bytes where it is not JSON or nothing changed."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(request, dict):
        return body
    before = json_bytes(request)
    change(messages_of(request))
    after = json_bytes(request)
    return body if after == before else after


def _system(request: dict[str, Any]) -> list[Message]:
    found = [
        Message("system", Slot(request, key)) for key in ("system", "instructions") if _is_text(request, key)
    ]
    blocks = children(request, "system")
    for key in ("systemInstruction", "system_instruction"):
        blocks = [*blocks, *children(child(request, key), "parts")]
    return [*found, *(Message("system", Slot(block, "text")) for block in blocks if _is_text(block, "text"))]


def _of(message: dict[str, Any]) -> list[Message]:
    """One message: of several blocks of text the last one; tool results are messages of their own."""
    if message.get("type") == "function_call_output":
        return [Message("tool", Slot(message, "output"))] if _is_text(message, "output") else []
    said = str(message.get("role", ""))
    role = _ROLES.get(said, said)
    if _is_text(message, "content"):
        return [Message(role, Slot(message, "content"))]
    blocks = [*children(message, "content"), *children(message, "parts")]
    results = [found for block in blocks for found in _tool_results(block)]
    texts = [Slot(block, "text") for block in blocks if _is_text(block, "text")]
    return [*results, *(Message(role, slot) for slot in texts[-1:])]


def _tool_results(block: dict[str, Any]) -> list[Message]:
    if block.get("type") == "tool_result":
        if _is_text(block, "content"):
            return [Message("tool", Slot(block, "content"))]
        inner = [item for item in children(block, "content") if _is_text(item, "text")]
        return [Message("tool", Slot(item, "text")) for item in inner[-1:]]
    response = child(child(block, "functionResponse"), "response")
    texts = [key for key in response if _is_text(response, key)]
    return [Message("tool", Slot(response, key)) for key in texts[-1:]]


def _is_text(holder: Any, key: str) -> bool:
    return isinstance(holder, dict) and isinstance(holder.get(key), str)
