"""Ollama's chat and generate: replies, and where things stand in them."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words import ollama_errors
from flakestorm.chaos.faults.words.failure import Failure, json_answer, json_bytes
from flakestorm.chaos.faults.words.port import Documents, Reply
from flakestorm.chaos.faults.words.slots import Slot, Text, ToolCall, child, children
from flakestorm.chaos.faults.words.writing import words_in

LINES = "application/x-ndjson"
_USAGE = ("prompt_eval_count", "eval_count", "prompt_eval_duration", "eval_duration")


class Ollama:
    """Implements ``Words``. A stream is one JSON object a line."""

    names_events = False
    has_comments = False

    def failure(self, told: Failure) -> Answer | None:
        """An error; there are no quotas."""
        return ollama_errors.failure(told)

    def broken_off(self, told: Failure) -> dict[str, Any]:
        """The line that reports an error in the middle of a stream."""
        return {"error": f"an error was encountered while running the model (request id: {told.request_id})"}

    def reply(self, reply: Reply) -> Answer | None:
        """A reply, streamed if that was asked for. There are no choices and no filters."""
        if reply.manner in ("content_filter", "no_choices"):
            return None
        if not reply.request.stream:
            kind = ollama_errors.JSON_TYPE
            return json_answer(200, {**_said(reply, reply.text), **_end(reply)}, kind=kind)
        pieces = [{**_said(reply, piece), "done": False} for piece in reply.text.splitlines(keepends=True)]
        lines = [*pieces, {**_said(reply, ""), **_end(reply)}]
        return Answer(200, (("content-type", LINES),), b"".join(json_bytes(line) + b"\n" for line in lines))

    def texts(self, documents: Documents) -> list[Text]:
        """The one text."""
        text = Text()
        for document in documents:
            for holder, key in ((document, "response"), (child(document, "message"), "content")):
                if isinstance(holder.get(key), str):
                    text.pieces.append(Slot(holder, key))
        return [text] if text.pieces else []

    def tool_calls(self, documents: Documents) -> list[ToolCall]:
        """The tool calls; each is in one piece, streamed or not."""
        found = []
        for document in documents:
            for call in children(child(document, "message"), "tool_calls"):
                function = child(call, "function")
                if function.get("name"):
                    objects = [Slot(function, "arguments")] if function.get("arguments") is not None else []
                    found.append(ToolCall([Slot(function, "name")], objects=objects))
        return found

    def repeat_call(self, documents: Documents) -> bool:
        """Ask for the first tool call twice."""
        for document in documents:
            calls = child(document, "message").get("tool_calls")
            if isinstance(calls, list) and calls:
                calls.append(deepcopy(calls[0]))
                return True
        return False

    def cut_short(self, documents: Documents) -> None:
        """Say that the reply ended because it was as long as allowed."""
        for document in documents:
            if document.get("done"):
                document["done_reason"] = "length"

    def drop_usage(self, document: dict[str, Any]) -> bool:
        """Leave out how many tokens were used."""
        return sum(document.pop(key, None) is not None for key in _USAGE) > 0

    def unknown_event(self) -> dict[str, Any]:
        """A line of a kind that no client knows yet."""
        said = {"message": {"role": "assistant", "content": ""}, "response": ""}
        return {"model": "", "latency_checkpoint": {"milliseconds": 1}, **said, "done": False}

    def is_last(self, document: dict[str, Any]) -> bool:
        """Whether this line says that the stream is complete."""
        return document.get("done") is True

    def tools_offered(self, request: dict[str, Any]) -> list[str]:
        """Names of the tools that a request offers to the model."""
        names = [child(tool, "function").get("name") for tool in children(request, "tools")]
        return [name for name in names if isinstance(name, str)]


def _said(reply: Reply, text: str) -> dict[str, Any]:
    made = datetime.fromtimestamp(reply.created, timezone.utc)
    head = {"model": reply.request.name, "created_at": made.strftime("%Y-%m-%dT%H:%M:%S.000000Z")}
    if urlsplit(reply.request.url).path.endswith("/generate"):
        return {**head, "response": text}
    return {**head, "message": {"role": "assistant", "content": text}}


def _end(reply: Reply) -> dict[str, Any]:
    read, written = words_in(reply.request.body.decode("utf-8", "replace")), words_in(reply.text)
    nanoseconds = {"total_duration": 512_000_000, "load_duration": 21_000_000}
    counts = {"prompt_eval_count": read, "prompt_eval_duration": 90_000_000}
    made = {"eval_count": written, "eval_duration": 401_000_000}
    return {"done": True, "done_reason": "stop", **nanoseconds, **counts, **made}
