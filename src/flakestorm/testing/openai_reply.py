"""Writes answers as OpenAI's Chat Completions API does: whole, in chunks, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Any

from flakestorm.testing.body import encoded
from flakestorm.testing.openai_request import ChatRequest
from flakestorm.testing.script import Reply
from flakestorm.testing.tokens import arguments_text, pieces, prompt_tokens, reply_tokens

ERROR_TYPES = {
    401: "invalid_request_error",
    403: "permission_error",
    429: "requests",
    500: "server_error",
    503: "server_error",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer on its way: ``reply`` to ``request``, as answer number ``number`` of the server."""

    request: ChatRequest
    reply: Reply
    number: int
    created: int
    media_type: str = "text/event-stream; charset=utf-8"

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        message: dict[str, Any] = {"role": "assistant", "content": self._content()}
        message |= {"refusal": None, "annotations": []}
        if self.reply.tool_calls:
            message["tool_calls"] = self._calls()
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self._finish_reason()}
            for index in range(self.request.choices)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": self._usage()}

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The same in pieces, as they are streamed."""
        for index in range(self.request.choices):
            for delta in self._deltas():
                yield self._chunk([self._choice(index, delta, None)])
            yield self._chunk([self._choice(index, {}, self._finish_reason())])
        if self.request.include_usage:
            yield {**self._chunk([]), "usage": self._usage()}

    def stream(self) -> Iterator[bytes]:
        """The chunks as server-sent events, and the terminator."""
        for chunk in self.chunks():
            yield b"data: " + encoded(chunk) + b"\n\n"
        yield b"data: [DONE]\n\n"

    def _deltas(self) -> Iterator[dict[str, Any]]:
        content = self._content()
        yield {"role": "assistant", "content": None if content is None else "", "refusal": None}
        for piece in pieces(content or ""):
            yield {"content": piece}
        for index, call in enumerate(self._calls()):
            arguments = call["function"]["arguments"]
            begun = {**call, "function": {**call["function"], "arguments": ""}}
            yield {"tool_calls": [{"index": index, **begun}]}
            middle = len(arguments) // 2
            for part in (arguments[:middle], arguments[middle:]):
                yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}

    def _content(self) -> str | None:
        return None if self.reply.tool_calls and not self.reply.text else self.reply.text

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id or f"call_{self.number:08}{index:02}",
                "type": "function",
                "function": {"name": call.name, "arguments": arguments_text(call.arguments)},
            }
            for index, call in enumerate(self.reply.tool_calls)
        ]

    def _finish_reason(self) -> str:
        return "tool_calls" if self.reply.tool_calls else "stop"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.number:012}",
            "object": kind,
            "created": self.created,
            "model": self.request.model,
            "service_tier": "default",
            "system_fingerprint": "fp_scripted",
        }

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        usage = {"usage": None} if self.request.include_usage else {}
        return {**self._head("chat.completion.chunk"), "choices": choices, **usage}

    def _choice(self, index: int, delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}

    def _usage(self) -> dict[str, int]:
        written = reply_tokens(self.reply) * self.request.choices
        read = prompt_tokens(self.request.messages)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def completion(request: ChatRequest, reply: Reply, number: int) -> Completion:
    """``reply`` as an answer that is given now."""
    return Completion(request, reply, number, int(time()))


def error_body(
    status: int, message: str, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """The body of an error answer."""
    kind = ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def model_entry(name: str) -> dict[str, Any]:
    """One model as ``GET /v1/models`` lists it."""
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "flakestorm"}
