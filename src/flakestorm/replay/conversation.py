"""Chat messages as the tools that record them write them: who said what, and what tools answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flakestorm.replay.foreign import Foreign
from flakestorm.replay.imported import Answered

_SPEAKERS = {
    "user": "user",
    "human": "user",
    "humanmessage": "user",
    "humanmessagechunk": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "model": "assistant",
    "system": "system",
    "systemmessage": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
    "toolmessage": "tool",
    "functionmessage": "tool",
}
"""Who speaks, by the words of OpenAI, Anthropic, Google, LangChain and OpenTelemetry."""

_CALLS = ("tool_use", "tool_call", "function_call")
_RESULTS = ("tool_result", "tool_call_response", "function_call_output")
_TEXTS = ("text", "input_text", "output_text")
_SILENT = ("reasoning", "thinking", "redacted_thinking", "image_url", "image", "input_image", "audio", "file")
"""Parts without words that an agent could be sent, or that only its model wrote for itself."""


@dataclass
class Conversation:
    """What was said in order, and what tools answered in between."""

    messages: list[dict[str, str]] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def add(self, message: Foreign) -> None:
        """Take one message in. Raises ``UnknownShape``."""
        if isinstance(message.value, str):
            self._say("user", message.value)
            return
        message = _unwrapped(message)
        speaker = _speaker(message)
        self._note_calls(message)
        content = message.get("content", "parts")
        if speaker == "tool" and content is not None and not _has_results(content):
            self._answer(message, content)
            return
        text = "" if content is None else "\n".join(filter(None, self._parts(content)))
        if text:
            self._say(speaker, text)

    @property
    def question(self) -> str:
        """What the user said last; an empty string where he said nothing."""
        return next((said["content"] for said in reversed(self.messages) if said["role"] == "user"), "")

    @property
    def before(self) -> list[dict[str, str]]:
        """What was said before that."""
        last = max((i for i, said in enumerate(self.messages) if said["role"] == "user"), default=0)
        return self.messages[:last]

    def _say(self, speaker: str, text: str) -> None:
        self.messages.append({"role": speaker, "content": text})

    def _note_calls(self, message: Foreign) -> None:
        """Tool answers name the call; only the call names the tool."""
        calls = message.get("tool_calls")
        extra = message.get("additional_kwargs")
        if calls is None and extra is not None and isinstance(extra.value, dict):
            calls = extra.get("tool_calls")
        for call in calls.items() if calls is not None else ():
            function = call.get("function")
            name = (function if function is not None else call).get("name")
            id_ = call.get("id")
            if name is not None and id_ is not None:
                self._names[id_.text()] = name.text()

    def _parts(self, content: Foreign) -> Iterator[str]:
        """The texts of a content: one text, or a list of parts."""
        if isinstance(content.value, str):
            yield content.value
            return
        for part in content.items():
            if isinstance(part.value, str):
                yield part.value
                continue
            kind = part.get("type")
            name = "text" if kind is None else kind.text()
            if name in _TEXTS:
                text = part.get("text", "content")
                if text is None:
                    raise part.refusal("a text part with the key text or content")
                yield text.text()
            elif name in _CALLS:
                id_, tool = part.get("id", "call_id"), part.get("name")
                if id_ is not None and tool is not None:
                    self._names[id_.text()] = tool.text()
            elif name in _RESULTS:
                self._answer(part, part.get("content", "response", "result", "output"))
            elif name not in _SILENT:
                known = ", ".join((*_TEXTS, *_CALLS, *_RESULTS, *_SILENT))
                raise part.at("type").refusal(f"a type of part: {known}")

    def _answer(self, message: Foreign, content: Foreign | None) -> None:
        id_ = message.get("tool_call_id", "tool_use_id", "call_id", "id")
        name = message.get("name")
        tool = name.text() if name is not None else self._names.get(id_.text() if id_ is not None else "", "")
        if not tool:
            raise message.refusal("a tool's answer with the key name, or with the id of a call before it")
        failed = message.get("is_error") is not None and message.at("is_error").value is True
        failed = failed or message.value.get("status") == "error"
        value = None if content is None else value_of(content.value)
        self.answered.append(Answered(tool, value, status=500 if failed else None))


def read_conversation(messages: Foreign) -> Conversation:
    """The conversation in a list of messages. Raises ``UnknownShape``."""
    found = Conversation()
    for message in messages.items():
        found.add(message)
    return found


def value_of(content: Any) -> Any:
    """What a tool returned: parts of text as one text, JSON in a text as its value."""
    if isinstance(content, list) and content and all(_is_text_part(part) for part in content):
        content = "\n".join(part["text"] for part in content)
    if isinstance(content, str) and content[:1] in ("{", "["):
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            return content
    return content


def _is_text_part(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _unwrapped(message: Foreign) -> Foreign:
    """LangChain's messages are kept as their constructor's arguments, or below ``data``."""
    if message.get("lc") is not None and message.get("kwargs") is not None:
        inside = message.at("kwargs")
        classes = message.get("id")
        if inside.get("type", "role") is None and classes is not None and isinstance(classes.value, list):
            return Foreign({**inside.mapping(), "type": str(classes.value[-1])}, inside.where)
        return inside
    if message.get("content", "parts") is None and isinstance(message.value.get("data"), dict):
        inside = message.at("data")
        return Foreign({"type": message.value.get("type"), **inside.mapping()}, inside.where)
    return message


def _speaker(message: Foreign) -> str:
    said = message.get("role", "type")
    if said is None:
        raise message.refusal("a message with the key role (or type) and content")
    speaker = _SPEAKERS.get(said.text().lower())
    if speaker is None:
        raise said.refusal("user, assistant, system, developer, tool, or LangChain's human, ai, tool")
    return speaker


def _has_results(content: Foreign) -> bool:
    parts = content.value if isinstance(content.value, list) else ()
    return any(isinstance(part, dict) and part.get("type") in _RESULTS for part in parts)
