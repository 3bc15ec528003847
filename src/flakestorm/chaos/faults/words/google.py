"""The Gemini API's generateContent: replies, and where things stand in them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words import google_errors
from flakestorm.chaos.faults.words.failure import Failure, json_answer
from flakestorm.chaos.faults.words.port import Documents, Reply
from flakestorm.chaos.faults.words.slots import Slot, Text, ToolCall, child, children
from flakestorm.chaos.faults.words.writing import event_stream, words_in

_RATED = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")


class Google:
    """Implements ``Words``. Here a call's arguments are a value, so they can be wrong but not malformed."""

    names_events = False
    has_comments = False

    def failure(self, told: Failure) -> Answer:
        """An error."""
        return google_errors.failure(told)

    def broken_off(self, told: Failure) -> dict[str, Any]:
        """The event that reports an error in the middle of a stream."""
        return google_errors.body(503, f"The model is overloaded (request id: {told.request_id}).")

    def reply(self, reply: Reply) -> Answer:
        """A reply, streamed if that was asked for: as events, or as a list of JSON objects."""
        chunks = _chunks(reply)
        if not reply.request.stream:
            return json_answer(200, chunks[-1], kind=google_errors.JSON_TYPE)
        if "alt=sse" in reply.request.url:
            return event_stream(chunks, newline=b"\r\n")
        return json_answer(200, chunks, kind=google_errors.JSON_TYPE)

    def texts(self, documents: Documents) -> list[Text]:
        """The text of each candidate, without its thoughts."""
        found: dict[int, Text] = {}
        for index, part in _parts(documents):
            if isinstance(part.get("text"), str) and not part.get("thought"):
                found.setdefault(index, Text()).pieces.append(Slot(part, "text"))
        return list(found.values())

    def tool_calls(self, documents: Documents) -> list[ToolCall]:
        """The function calls of all candidates; each is in one piece, streamed or not."""
        found = []
        for _, part in _parts(documents):
            call = child(part, "functionCall")
            if call.get("name"):
                objects = [Slot(call, "args")] if isinstance(call.get("args"), dict) else []
                found.append(ToolCall([Slot(call, "name")], objects=objects))
        return found

    def repeat_call(self, documents: Documents) -> bool:
        """Ask for the first function call twice."""
        for document in documents:
            for candidate in children(document, "candidates"):
                parts = child(candidate, "content").get("parts")
                for part in children(child(candidate, "content"), "parts"):
                    if "functionCall" in part and isinstance(parts, list):
                        parts.append(deepcopy(part))
                        return True
        return False

    def cut_short(self, documents: Documents) -> None:
        """Say that the reply ended because it was as long as allowed."""
        for document in documents:
            for candidate in children(document, "candidates"):
                if candidate.get("finishReason"):
                    candidate["finishReason"] = "MAX_TOKENS"

    def drop_usage(self, document: dict[str, Any]) -> bool:
        """Leave out how many tokens were used."""
        return document.pop("usageMetadata", None) is not None

    def unknown_event(self) -> dict[str, Any]:
        """An event of a kind that no client knows yet."""
        return {"latencyCheckpoint": {"milliseconds": 1}}

    def is_last(self, document: dict[str, Any]) -> bool:
        """Whether this event says that the stream is complete."""
        return any(candidate.get("finishReason") for candidate in children(document, "candidates"))

    def tools_offered(self, request: dict[str, Any]) -> list[str]:
        """Names of the functions that a request offers to the model."""
        return [
            function["name"]
            for tool in children(request, "tools")
            for key in ("functionDeclarations", "function_declarations")
            for function in children(tool, key)
            if isinstance(function.get("name"), str)
        ]


def _parts(documents: Documents) -> list[tuple[int, dict[str, Any]]]:
    """(candidate, part) in their order."""
    return [
        (candidate.get("index", 0), part)
        for document in documents
        for candidate in children(document, "candidates")
        for part in children(child(candidate, "content"), "parts")
    ]


def _chunks(reply: Reply) -> list[dict[str, Any]]:
    """The reply as a stream would have it; the last one alone is the whole reply when nothing is streamed."""
    read, written = words_in(reply.request.body.decode("utf-8", "replace")), words_in(reply.text)
    usage = {"promptTokenCount": read, "candidatesTokenCount": written, "totalTokenCount": read + written}
    end = {"usageMetadata": usage, "modelVersion": reply.request.name, "responseId": reply.token}
    if reply.manner == "no_choices":
        return [end]
    if reply.manner == "content_filter":
        ratings: list[dict[str, Any]] = [
            {"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"} for name in _RATED
        ]
        ratings[-1] |= {"probability": "HIGH", "blocked": True}
        return [{"candidates": [{"finishReason": "SAFETY", "index": 0, "safetyRatings": ratings}], **end}]
    pieces = reply.text.splitlines(keepends=True) if reply.request.stream else [reply.text]
    chunks: list[dict[str, Any]] = [
        {"candidates": [{"content": {"parts": [{"text": piece}], "role": "model"}, "index": 0}], **end}
        for piece in pieces or [""]
    ]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    return chunks
