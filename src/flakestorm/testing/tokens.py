"""Counts tokens, so that usage grows with the text, and cuts a text into the pieces in which it streams."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flakestorm.testing.script import Message, Reply, ToolCall

TOKEN = re.compile(r"\w{1,6}|\s*[^\w\s]|\s+")
"""About what tokenizers cut; good enough for a usage that grows with the text."""
PIECE = re.compile(r"\S+\s*|\s+")
"""A streamed piece: a word with the space after it."""
FRAME = 4
"""So many tokens does a message take beside its text."""


def pieces(text: str) -> list[str]:
    """``text`` as it is streamed; joined, they are the text."""
    return PIECE.findall(text)


def tokens(text: str) -> int:
    """About how many tokens ``text`` has."""
    return sum(1 for _ in TOKEN.finditer(text))


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens the conversation has."""
    return sum(FRAME + tokens(m.text) + sum(map(_call_tokens, m.tool_calls)) for m in messages)


def reply_tokens(reply: Reply) -> int:
    """About how many tokens the model wrote."""
    return tokens(reply.text) + sum(map(_call_tokens, reply.tool_calls))


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """The arguments of a tool call as the model writes them: JSON."""
    return json.dumps(dict(arguments), ensure_ascii=False)


def _call_tokens(call: ToolCall) -> int:
    return tokens(call.name) + tokens(arguments_text(call.arguments))
