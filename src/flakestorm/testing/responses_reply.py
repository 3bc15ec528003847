"""Writes answers as OpenAI's Responses API does: whole, and as typed events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from flakestorm.testing.body import encoded
from flakestorm.testing.responses_request import ResponsesRequest
from flakestorm.testing.script import Reply, ToolCall
from flakestorm.testing.tokens import arguments_text, pieces, prompt_tokens, reply_tokens

DEFAULTS: dict[str, Any] = {
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What an answer says of settings that the request did not make."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Response:
    """One answer on its way: ``reply`` to ``request``, as answer number ``number`` of the server."""

    request: ResponsesRequest
    reply: Reply
    number: int
    created: int
    media_type: str = "text/event-stream; charset=utf-8"

    @property
    def id(self) -> str:
        """What ``previous_response_id`` calls it."""
        return f"resp_{self.number:012}"

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls with their ids."""
        return tuple(
            ToolCall(call.name, call.arguments, call.id or f"call_{self.number:08}{index:02}")
            for index, call in enumerate(self.reply.tool_calls)
        )

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        return self._response("completed", self._items("completed"), self._usage())

    def events(self) -> Iterator[Event]:
        """The same as typed events."""
        numbers = count()
        for event in self._events():
            yield {**event, "sequence_number": next(numbers)}

    def stream(self) -> Iterator[bytes]:
        """The events as they are sent; the API has no other terminator than the last of them."""
        for event in self.events():
            yield f"event: {event['type']}\n".encode() + b"data: " + encoded(event) + b"\n\n"

    def _events(self) -> Iterator[Event]:
        for status in ("created", "in_progress"):
            yield {"type": f"response.{status}", "response": self._response("in_progress", [], None)}
        for index, item in enumerate(self._items("in_progress")):
            place = {"item_id": item["id"], "output_index": index}
            whole = self._items("completed")[index]
            text = item["type"] == "message"
            empty = {**item, "content": []} if text else {**item, "arguments": ""}
            yield {"type": "response.output_item.added", "output_index": index, "item": empty}
            yield from self._text_events(place) if text else _call_events(place, whole)
            yield {"type": "response.output_item.done", "output_index": index, "item": whole}
        yield {"type": "response.completed", "response": self.body()}

    def _text_events(self, place: dict[str, Any]) -> Iterator[Event]:
        place = {**place, "content_index": 0}
        text = self.reply.text
        yield {"type": "response.content_part.added", **place, "part": _part("")}
        for piece in pieces(text):
            yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
        yield {"type": "response.content_part.done", **place, "part": _part(text)}

    def _items(self, status: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        if self.reply.text or not self.reply.tool_calls:
            message = {"type": "message", "id": f"msg_{self.number:012}", "status": status}
            items.append({**message, "role": "assistant", "content": [_part(self.reply.text)]})
        for index, call in enumerate(self.calls):
            made = {"type": "function_call", "id": f"fc_{self.number:08}{index:02}", "status": status}
            arguments = arguments_text(call.arguments)
            items.append({**made, "call_id": call.id, "name": call.name, "arguments": arguments})
        return items

    def _response(
        self, status: str, output: list[dict[str, Any]], usage: dict[str, Any] | None
    ) -> dict[str, Any]:
        head = {"id": self.id, "object": "response", "created_at": self.created, "status": status}
        settings = {**DEFAULTS, **self.request.settings}
        return {**head, "model": self.request.model, **settings, "output": output, "usage": usage}

    def _usage(self) -> dict[str, Any]:
        read, written = prompt_tokens(self.request.messages), reply_tokens(self.reply)
        return {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call_events(place: dict[str, Any], whole: dict[str, Any]) -> Iterator[Event]:
    arguments = whole["arguments"]
    middle = len(arguments) // 2
    for part in (arguments[:middle], arguments[middle:]):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": part}
    done = {"name": whole["name"], "arguments": arguments}
    yield {"type": "response.function_call_arguments.done", **place, **done}
