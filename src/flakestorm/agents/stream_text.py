"""The text of a streamed answer, from the pieces that each API sends it in."""

from __future__ import annotations

import json
from typing import Any

from flakestorm.agents.reply_path import NoReply, as_json, find_reply, value_at
from flakestorm.agents.streaming import StreamEvent
from flakestorm.agents.transport_errors import AnswerFailed
from flakestorm.model.outcome import ErrorKind

PIECE_FIELDS = (
    "token",
    "delta",
    "text",
    "content",
    "chunk",
    "output",
    "response",
    "message",
    "answer",
    "data",
)
SUMMARIES = frozenset({"final", "done", "end", "complete", "completed", "result", "finish", "summary"})
END_MARKS = frozenset({"[DONE]", "[END]"})


class StreamText:
    """Collects a reply from stream events.

    OpenAI chat completions and Responses, Anthropic, Gemini and Ollama are told by their shape; anything
    else by the usual names. With ``path`` each event's piece is exactly what is there. ``done`` turns True
    with the API's own end mark: what comes after is not part of the reply.
    """

    def __init__(self, path: str | None = None) -> None:
        self.done = False
        self._path = path
        self._pieces: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._needs_end = False
        self._finished = False
        self._missed: NoReply | None = None

    def add(self, event: StreamEvent) -> None:
        """Take one event. Raises ``AnswerFailed`` for an error event."""
        if event.data.strip() in END_MARKS:
            self.done = True
            return
        try:
            value = json.loads(event.data)
        except (ValueError, RecursionError):
            value = event.data
        _raise_error_event(event, value)
        if self._path is not None:
            self._add_at_path(value, self._path)
        elif isinstance(value, dict):
            self._add_object(event.name, value)
        elif value is not None and not (event.name in SUMMARIES and self._pieces):
            self._pieces.append(value if isinstance(value, str) else event.data)

    def text(self) -> str:
        """The whole reply. Raises ``AnswerFailed`` when the stream stopped short, ``NoReply`` without one."""
        if self._needs_end and not (self.done or self._finished):
            raise AnswerFailed(
                ErrorKind.DISCONNECTED,
                "the stream ended without its end mark, so the reply is cut",
                "".join(self._pieces)[-2000:],
            )
        if self._pieces:
            return "".join(self._pieces)
        if self._calls:
            return as_json([self._calls[index] for index in sorted(self._calls)])
        if self._missed is not None:
            raise self._missed
        return ""

    def _add_at_path(self, value: Any, path: str) -> None:
        try:
            piece = value_at(value, path)
        except NoReply as missed:
            self._missed = missed
            return
        if piece is not None:
            self._pieces.append(piece if isinstance(piece, str) else as_json(piece))

    def _add_object(self, name: str, value: dict[str, Any]) -> None:
        kind = str(value.get("type", "")) or name
        if isinstance(value.get("choices"), list):
            self._add_choice(value["choices"])
        elif kind.startswith("response."):
            self._add_responses(kind, value)
        elif kind.startswith(("content_block_", "message_")):
            self._add_anthropic(kind, value)
        else:
            self._add_usual(kind, value)

    def _add_choice(self, choices: list[Any]) -> None:
        """OpenAI chat completions, and the older completions."""
        self._needs_end = True
        choice = choices[0] if choices else None
        if not isinstance(choice, dict) or choice.get("index"):
            return
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._append(delta.get("content"), delta.get("refusal"))
            self._add_calls(delta.get("tool_calls"))
        else:
            self._append(choice.get("text"))
        # Some servers stop after this without the final [DONE]: the reply is complete all the same.
        self._finished = self._finished or choice.get("finish_reason") is not None

    def _add_calls(self, calls: Any) -> None:
        for call in calls if isinstance(calls, list) else ():
            if not isinstance(call, dict) or not isinstance(call.get("function"), dict):
                continue
            held = self._calls.setdefault(int(call.get("index") or 0), {"name": "", "arguments": ""})
            for key in held:
                held[key] += str(call["function"].get(key) or "")

    def _add_responses(self, kind: str, value: dict[str, Any]) -> None:
        """OpenAI Responses: deltas, then the whole text again, which is not added twice."""
        self._needs_end = True
        if kind in {"response.output_text.delta", "response.refusal.delta"}:
            self._append(value.get("delta"))
        elif kind == "response.function_call_arguments.done":
            call = {"name": str(value.get("name") or ""), "arguments": str(value.get("arguments") or "")}
            self._calls[len(self._calls)] = call
        self.done = kind in {"response.completed", "response.incomplete"}

    def _add_anthropic(self, kind: str, value: dict[str, Any]) -> None:
        self._needs_end = True
        if kind == "content_block_delta" and isinstance(value.get("delta"), dict):
            self._append(value["delta"].get("text"))
        self.done = kind == "message_stop"

    def _add_usual(self, kind: str, value: dict[str, Any]) -> None:
        if "done" in value and isinstance(value["done"], bool):
            # Ollama: every line says whether it is the last one.
            self._needs_end = True
            self.done = value["done"]
        if kind in SUMMARIES and self._pieces:
            return
        for name in PIECE_FIELDS:
            found = find_reply(value[name]) if name in value else None
            if found is not None:
                self._pieces.append(found)
                return
        if "candidates" in value:
            self._append(find_reply(value["candidates"]))

    def _append(self, *pieces: Any) -> None:
        self._pieces += [piece for piece in pieces if isinstance(piece, str)]


def _raise_error_event(event: StreamEvent, value: Any) -> None:
    fields = value if isinstance(value, dict) else {}
    kind = str(fields.get("type", ""))
    held = fields.get("error")
    if kind == "response.failed" and isinstance(fields.get("response"), dict):
        held = fields["response"].get("error")
    if not held and event.name != "error" and kind not in {"error", "response.failed"}:
        return
    message = held.get("message") if isinstance(held, dict) else held or fields.get("message")
    raise AnswerFailed(
        ErrorKind.BAD_REPLY,
        f"the stream reported an error: {str(message or event.data)[:200]!r}",
        event.data[:2000],
    )
