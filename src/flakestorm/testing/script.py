"""What a scripted LLM says to what: words that all wire formats share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for. An empty ``id`` gets one on the wire."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation. ``role`` is system, user, assistant or tool."""

    role: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the agent offers; ``parameters`` is its JSON Schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: text, tool calls, or both. ``delay_s`` seconds pass before its first byte is sent."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of the provider: ``status`` (400–599), its message, and the headers that come with it."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = "Reply | Failure | str"
"""A text alone is the reply with that text."""
Script: TypeAlias = Callable[[Sequence[Message], Sequence[Tool]], "Answer | Awaitable[Answer]"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When ``pattern`` (any case) is found in the last user message, the model answers ``reply``.

    Once the results of ``reply``'s tool calls are there it answers ``then``, in which ``{result}`` stands
    for the last result; without ``then`` the result is the answer.
    """

    pattern: str
    reply: Answer
    then: Answer = "{result}"


def script_of(source: Script | Sequence[Rule] | Answer) -> Script:
    """The script that ``source`` stands for: a function, rules of which the first fitting one speaks,
    or one answer to everything.
    """
    if isinstance(source, str | Reply | Failure):
        return lambda _messages, _tools: source
    if callable(source):
        return source
    rules = [(re.compile(rule.pattern, re.IGNORECASE | re.DOTALL), rule) for rule in source]

    def first_fitting(messages: Sequence[Message], _tools: Sequence[Tool]) -> Answer:
        asked = last_text(messages, "user")
        for pattern, rule in rules:
            if pattern.search(asked):
                return _after_tools(rule.then, messages) if messages[-1].role == "tool" else rule.reply
        # 4xx, because clients send a 5xx again; whoever wrote the script must hear of it at once.
        return Failure(400, f"no rule of the script fits the last user message: {asked[:200]!r}")

    return first_fitting


def _after_tools(answer: Answer, messages: Sequence[Message]) -> Answer:
    if not isinstance(answer, str):
        return answer
    return answer.replace("{result}", messages[-1].text)


def last_text(messages: Sequence[Message], role: str) -> str:
    """The text of the last message of ``role``; empty when there is none."""
    return next((message.text for message in reversed(messages) if message.role == role), "")


async def perform(script: Script, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply | Failure:
    """What ``script`` answers. Raises ``TypeError`` when that is no answer."""
    answer = script(messages, tools)
    if inspect.isawaitable(answer):
        answer = await answer
    if isinstance(answer, str):
        return Reply(answer)
    if not isinstance(answer, Reply | Failure):
        raise TypeError(f"the script answered {answer!r}; accepted are a str, a Reply and a Failure")
    return answer
