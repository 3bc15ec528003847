"""Writes answers as Gemini's generateContent does: whole, in chunks of two framings, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flakestorm.testing.body import encoded
from flakestorm.testing.google_request import GenerateRequest
from flakestorm.testing.script import Reply
from flakestorm.testing.tokens import pieces, prompt_tokens, reply_tokens, tokens

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
METHODS = ("generateContent", "countTokens")


@dataclass(frozen=True, slots=True)
class Generation:
    """One answer on its way: ``reply`` to ``request``, as answer number ``number`` of the server."""

    request: GenerateRequest
    reply: Reply
    number: int

    @property
    def media_type(self) -> str:
        """Server-sent events, or one long list."""
        return "text/event-stream" if self.request.sse else "application/json; charset=UTF-8"

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        text = [{"text": self.reply.text}] if self.reply.text or not self.reply.tool_calls else []
        return self._chunk([*text, *self._calls()], "STOP", reply_tokens(self.reply))

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The same in pieces; calls come whole, and the last chunk has the reason of the end."""
        parts = [[{"text": piece}] for piece in pieces(self.reply.text)]
        if calls := self._calls():
            parts.append(calls)
        written = 0
        for index, part in enumerate(parts or [[{"text": ""}]]):
            last = index >= len(parts) - 1
            written += tokens(part[0].get("text", ""))
            yield self._chunk(part, "STOP" if last else None, reply_tokens(self.reply) if last else written)

    def stream(self) -> Iterator[bytes]:
        """The chunks as they are sent."""
        opening = b"data: " if self.request.sse else b"["
        for chunk in self.chunks():
            yield opening + encoded(chunk) + (b"\r\n\r\n" if self.request.sse else b"")
            opening = b"data: " if self.request.sse else b",\r\n"
        if not self.request.sse:
            yield b"]"

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "functionCall": {
                    "id": call.id or f"call-{self.number:08}{index:02}",
                    "name": call.name,
                    "args": dict(call.arguments),
                }
            }
            for index, call in enumerate(self.reply.tool_calls)
        ]

    def _chunk(self, parts: list[dict[str, Any]], finish: str | None, written: int) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        read = prompt_tokens(self.request.messages)
        return {
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": read,
                "candidatesTokenCount": written,
                "totalTokenCount": read + written,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": read}],
            },
            "modelVersion": self.request.model,
            "responseId": f"response-{self.number:012}",
        }


def error_body(status: int, message: str, details: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The body of an error answer."""
    kind = STATUSES.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")
    error: dict[str, Any] = {"code": status, "message": message, "status": kind}
    return {"error": {**error, "details": details} if details else error}


def model_entry(name: str) -> dict[str, Any]:
    """One model as the list has it."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "description": "A scripted model.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": list(METHODS),
    }
