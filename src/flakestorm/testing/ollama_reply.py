"""Writes answers as Ollama does: whole, and as one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

from flakestorm.testing.body import encoded
from flakestorm.testing.ollama_request import OllamaRequest
from flakestorm.testing.script import Reply
from flakestorm.testing.tokens import pieces, prompt_tokens, reply_tokens

NS_PER_TOKEN = 1_000_000
"""How long the scripted model claims to think."""


@dataclass(frozen=True, slots=True)
class OllamaAnswer:
    """One answer on its way: ``reply`` to ``request``, as answer number ``number`` of the server."""

    request: OllamaRequest
    reply: Reply
    number: int
    media_type: str = "application/x-ndjson"

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        return {**self._head(), **self._said(self.reply.text, self._calls()), **self._end()}

    def lines(self) -> Iterator[dict[str, Any]]:
        """The same in pieces; the last one says how it ended and what it took."""
        for piece in pieces(self.reply.text):
            yield {**self._head(), **self._said(piece, []), "done": False}
        if calls := self._calls():
            yield {**self._head(), **self._said("", calls), "done": False}
        yield {**self._head(), **self._said("", []), **self._end()}

    def stream(self) -> Iterator[bytes]:
        """The lines as they are sent."""
        for line in self.lines():
            yield encoded(line) + b"\n"

    def _head(self) -> dict[str, Any]:
        now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        return {"model": self.request.model, "created_at": now}

    def _said(self, text: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
        if self.request.route == "generate":
            return {"response": text}
        message: dict[str, Any] = {"role": "assistant", "content": text}
        return {"message": {**message, "tool_calls": calls} if calls else message}

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": call.id or f"call_{self.number:08}{index:02}",
                "function": {"index": index, "name": call.name, "arguments": dict(call.arguments)},
            }
            for index, call in enumerate(self.reply.tool_calls)
        ]

    def _end(self) -> dict[str, Any]:
        if not self.request.messages:
            # Nothing was said: the client wants the model to be in the memory.
            return {"done": True, "done_reason": "load"}
        read, written = prompt_tokens(self.request.messages), reply_tokens(self.reply)
        context = {"context": list(range(1, read + written + 1))} if self.request.route == "generate" else {}
        return {
            "done": True,
            "done_reason": "stop",
            **context,
            "total_duration": (read + written) * NS_PER_TOKEN,
            "load_duration": NS_PER_TOKEN,
            "prompt_eval_count": read,
            "prompt_eval_duration": read * NS_PER_TOKEN,
            "eval_count": written,
            "eval_duration": written * NS_PER_TOKEN,
        }


def model_details() -> dict[str, Any]:
    """What is told of every model."""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "scripted",
        "families": ["scripted"],
        "parameter_size": "1B",
        "quantization_level": "F16",
    }


def tag(name: str) -> dict[str, Any]:
    """One model as ``/api/tags`` lists it."""
    full = name if ":" in name else f"{name}:latest"
    return {
        "name": full,
        "model": full,
        "modified_at": "2025-01-01T00:00:00Z",
        "size": 1_000_000_000,
        "digest": sha256(full.encode()).hexdigest(),
        "details": model_details(),
    }


def shown() -> dict[str, Any]:
    """One model as ``/api/show`` tells of it."""
    return {
        "modelfile": "FROM scripted",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": model_details(),
        "model_info": {"general.architecture": "scripted", "scripted.context_length": 131_072},
        "capabilities": ["completion", "tools"],
        "modified_at": "2025-01-01T00:00:00Z",
    }
