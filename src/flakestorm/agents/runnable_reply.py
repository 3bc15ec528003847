"""What a LangChain runnable returned becomes the reply: the last thing that the model said, in most cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flakestorm.agents.reply_path import NoReply, as_json
from flakestorm.agents.reply_value import reply_text

INTERRUPT = "__interrupt__"
"""The key under which a LangGraph graph says that it waits for a person."""


def runnable_reply(value: Any, path: str | None = None) -> str:
    """The reply in ``value``: a message, a graph's state with ``messages``, or what Python agents may return.

    Where the model only calls tools, the calls are the reply, as JSON. Raises ``NoReply``.
    """
    if path is not None:
        return reply_text(value, path)
    if _is_message(value):
        return reply_text(_said(value))
    if isinstance(value, Mapping):
        return _from_state(value)
    if isinstance(value, list) and value and all(_is_message(item) for item in value):
        return _last_said(value)
    return reply_text(value)


def _from_state(state: Mapping[str, Any]) -> str:
    if state.get(INTERRUPT):
        return reply_text(getattr(state[INTERRUPT][0], "value", None))
    messages = state.get("messages")
    if not isinstance(messages, Sequence) or not any(_is_message(item) for item in messages):
        return reply_text(dict(state))
    rest = {key: held for key, held in state.items() if key != "messages"}
    if rest and not any(_is_from_model(item) for item in messages):
        return reply_text(rest)
    return _last_said(messages)


def _last_said(messages: Sequence[Any]) -> str:
    for message in reversed(messages):
        if _is_from_model(message):
            return reply_text(_said(message))
    raise NoReply(f"there is no AI message among the {len(messages)} messages that came back")


def _is_message(value: Any) -> bool:
    return hasattr(value, "content") and isinstance(getattr(value, "type", None), str)


def _is_from_model(message: Any) -> bool:
    return _is_message(message) and message.type in ("ai", "AIMessageChunk", "assistant")


def _said(message: Any) -> str:
    content = message.content
    if isinstance(content, list):
        content = "".join(map(_block_text, content))
    calls = getattr(message, "tool_calls", None)
    if not content and calls:
        return as_json([{"name": call.get("name"), "args": call.get("args")} for call in calls])
    return reply_text(content)


def _block_text(block: Any) -> str:
    """The text of a content block; images and reasoning have none."""
    if isinstance(block, str):
        return block
    is_text = isinstance(block, Mapping) and block.get("type", "text") in ("text", "output_text")
    return str(block.get("text", "")) if is_text else ""
