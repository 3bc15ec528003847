"""Writes answers as Anthropic's Messages API does: whole, as named events, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.anthropic_request import MessagesRequest
from flakestorm.testing.body import encoded
from flakestorm.testing.script import Reply
from flakestorm.testing.tokens import arguments_text, pieces, prompt_tokens, reply_tokens

ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """One answer on its way: ``reply`` to ``request``, as answer number ``number`` of the server."""

    request: MessagesRequest
    reply: Reply
    number: int
    media_type: str = "text/event-stream; charset=utf-8"

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        usage = self._usage(reply_tokens(self.reply))
        return self._message(self._blocks(), self._stop_reason(), usage)

    def events(self) -> Iterator[Event]:
        """The same as it is streamed, with a ping after the first block has begun."""
        yield {"type": "message_start", "message": self._message([], None, self._usage(1))}
        for index, block in enumerate(self._blocks()):
            text = block["type"] == "text"
            begun = {**block, "text": ""} if text else {**block, "input": {}}
            yield {"type": "content_block_start", "index": index, "content_block": begun}
            if index == 0:
                yield {"type": "ping"}
            for delta in _text_deltas(block) if text else _input_deltas(block):
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        ended = {"stop_reason": self._stop_reason(), "stop_sequence": None}
        usage = {"output_tokens": reply_tokens(self.reply)}
        yield {"type": "message_delta", "delta": ended, "usage": usage}
        yield {"type": "message_stop"}

    def stream(self) -> Iterator[bytes]:
        """The events as they are sent."""
        for event in self.events():
            yield f"event: {event['type']}\n".encode() + b"data: " + encoded(event) + b"\n\n"

    def _blocks(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if self.reply.text:
            blocks.append({"type": "text", "text": self.reply.text})
        for index, call in enumerate(self.reply.tool_calls):
            made = call.id or f"toolu_{self.number:08}{index:02}"
            blocks.append({"type": "tool_use", "id": made, "name": call.name, "input": dict(call.arguments)})
        return blocks

    def _stop_reason(self) -> str:
        return "tool_use" if self.reply.tool_calls else "end_turn"

    def _message(
        self, content: list[dict[str, Any]], stop_reason: str | None, usage: dict[str, Any]
    ) -> dict[str, Any]:
        head = {"id": f"msg_{self.number:012}", "type": "message", "role": "assistant"}
        stop = {"stop_reason": stop_reason, "stop_sequence": None}
        return {**head, "model": self.request.model, "content": content, **stop, "usage": usage}

    def _usage(self, written: int) -> dict[str, Any]:
        return {
            "input_tokens": prompt_tokens(self.request.messages),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": written,
            "service_tier": "standard",
        }


def error_body(status: int, message: str, number: int) -> dict[str, Any]:
    """The body of an error answer."""
    kind = ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": request_id(number),
    }


def request_id(number: int) -> str:
    """The id of request ``number``."""
    return f"req_{number:012}"


def model_entry(name: str) -> dict[str, Any]:
    """One model as ``GET /v1/models`` lists it."""
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2025-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def _text_deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in pieces(block["text"]):
        yield {"type": "text_delta", "text": piece}


def _input_deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    text = arguments_text(block["input"]) if block["input"] else ""
    middle = len(text) // 2
    for part in ("", text[:middle], text[middle:]):
        yield {"type": "input_json_delta", "partial_json": part}
