"""Reads a request of Gemini's generateContent, and refuses what the real one refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.body import json_object, objects
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Message, Tool, ToolCall

ROLES = {"user": "user", "model": "assistant", "function": "user"}
RESULT_KEYS = ("output", "result")
"""Under these, a function's result is by itself; the first is Google's word, the second its SDK's."""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One request in words that all wire formats share. ``sse`` tells how a stream is sent."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    stream: bool
    sse: bool


def generate_request(raw: bytes, model: str, stream: bool, sse: bool) -> GenerateRequest:
    """The request in the body ``raw``; the rest is in its URL. Raises ``Refused``."""
    body = json_object(raw)
    contents = body.get("contents")
    if not contents:
        raise Refused(400, "* GenerateContentRequest.contents: contents is not specified")
    reader = _Reader()
    for index, content in enumerate(objects(contents, "contents")):
        reader.add(content, f"contents[{index}]")
    system = _either(body, "systemInstruction", "system_instruction")
    told = "".join(str(part.get("text", "")) for part in _parts(system or {}, "system_instruction"))
    messages = ((Message("system", told),) if told else ()) + reader.done()
    return GenerateRequest(model, messages, _tools(body), stream, sse)


class _Reader:
    """Gathers messages and ties each function's result to its call, which need not have an id."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._open: list[ToolCall] = []

    def add(self, content: dict[str, Any], place: str) -> None:
        """One more entry of ``contents``."""
        role = content.get("role", "user")
        if role not in ROLES:
            raise Refused(400, f"Please use a valid role: user, model. Seen: {role!r}", place)
        parts = _parts(content, place)
        texts = [str(part["text"]) for part in parts if "text" in part and not part.get("thought")]
        results = [found for part in parts if (found := _function(part, "Response", place))]
        calls = [found for part in parts if (found := _function(part, "Call", place))]
        for result in results:
            self._answer(result)
        if self._open:
            raise _uneven()
        self._open = [
            ToolCall(str(call["name"]), call.get("args") or {}, str(call.get("id") or f"{place}.{index}"))
            for index, call in enumerate(calls)
        ]
        if texts or calls or not results:
            self._messages.append(Message(ROLES[role], "".join(texts), tuple(self._open)))

    def done(self) -> tuple[Message, ...]:
        """All messages, when every call has its result."""
        if self._open:
            raise _uneven()
        return tuple(self._messages)

    def _answer(self, result: dict[str, Any]) -> None:
        wanted = result.get("id")
        fitting = [
            call for call in self._open if (call.id == wanted if wanted else call.name == result["name"])
        ]
        if not fitting:
            raise _uneven()
        self._open.remove(fitting[0])
        text = _result_text(result.get("response"))
        self._messages.append(Message("tool", text, tool_call_id=fitting[0].id))


def _parts(content: dict[str, Any], place: str) -> list[dict[str, Any]]:
    parts = content.get("parts") or []
    # The API's JSON is a protocol buffer's, where one element may stand for a list of one.
    return objects([parts] if isinstance(parts, dict) else parts, f"{place}.parts")


def _function(part: dict[str, Any], kind: str, place: str) -> dict[str, Any] | None:
    found = _either(part, f"function{kind}", f"function_{kind.lower()}")
    if found is None:
        return None
    if not isinstance(found, dict) or not found.get("name"):
        raise Refused(400, f"{place}.parts: a function_{kind.lower()} needs a name", place)
    return found


def _either(values: dict[str, Any], name: str, other: str) -> Any:
    return values.get(name, values.get(other))


def _result_text(response: Any) -> str:
    if isinstance(response, dict) and len(response) == 1:
        alone = next((response[key] for key in RESULT_KEYS if key in response), None)
        if isinstance(alone, str):
            return alone
    return json.dumps(response, ensure_ascii=False)


def _uneven() -> Refused:
    return Refused(
        400,
        "Please ensure that the number of function response parts is equal to the number of function call "
        "parts of the function call turn.",
    )


def _tools(body: dict[str, Any]) -> tuple[Tool, ...]:
    try:
        settings = _either(body, "toolConfig", "tool_config") or {}
        calling = _either(settings, "functionCallingConfig", "function_calling_config") or {}
        if calling.get("mode") == "NONE":
            return ()
        declared = [
            declaration
            for tool in body.get("tools") or []
            for declaration in _either(tool, "functionDeclarations", "function_declarations") or []
        ]
        return tuple(
            Tool(str(each["name"]), str(each.get("description") or ""), _schema(each)) for each in declared
        )
    except (LookupError, TypeError, AttributeError):
        raise Refused(400, "tools: function_declarations are objects with a name") from None


def _schema(declaration: dict[str, Any]) -> dict[str, Any]:
    found = declaration.get("parametersJsonSchema") or declaration.get("parameters") or {}
    return dict(found)
