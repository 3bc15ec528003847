"""Anthropic's Messages API: replies, and where things stand in them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words import anthropic_errors
from flakestorm.chaos.faults.words.failure import Failure, json_answer
from flakestorm.chaos.faults.words.port import Documents, Reply
from flakestorm.chaos.faults.words.slots import Slot, Text, ToolCall, child, children
from flakestorm.chaos.faults.words.writing import event_stream, words_in

_BLOCK_EVENTS = ("content_block_start", "content_block_delta", "content_block_stop")


class Anthropic:
    """Implements ``Words``."""

    names_events = True
    has_comments = True

    def failure(self, told: Failure) -> Answer:
        """An error."""
        return anthropic_errors.failure(told)

    def broken_off(self, told: Failure) -> dict[str, Any]:
        """The event that reports an error in the middle of a stream."""
        return anthropic_errors.body(529, "Overloaded", told.request_id)

    def reply(self, reply: Reply) -> Answer | None:
        """A reply, streamed if that was asked for. A filtered one does not exist: that is an error."""
        if reply.manner == "content_filter":
            return None
        headers = (("request-id", f"req_{reply.token}"),)
        stop = "refusal" if reply.manner == "refusal" else "end_turn"
        written = words_in(reply.text)
        content = [] if reply.manner == "no_choices" else [{"type": "text", "text": reply.text}]
        if not reply.request.stream:
            return json_answer(200, _message(reply, content, stop, written), headers)
        blocks = _text_block(reply.text) if content else []
        end = {"stop_reason": stop, "stop_sequence": None}
        events = [
            {"type": "message_start", "message": _message(reply, [], None, 1)},
            *blocks,
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": written}},
            {"type": "message_stop"},
        ]
        return event_stream(events, named=True, headers=headers)

    def texts(self, documents: Documents) -> list[Text]:
        """The text of each block."""
        found: dict[int, Text] = {}
        for index, block in _blocks(documents):
            if isinstance(block.get("text"), str) and block.get("type") in ("text", "text_delta"):
                found.setdefault(index, Text()).pieces.append(Slot(block, "text"))
        return list(found.values())

    def tool_calls(self, documents: Documents) -> list[ToolCall]:
        """The blocks of type tool_use."""
        found: dict[int, ToolCall] = {}
        is_stream = any(document.get("type") in _BLOCK_EVENTS for document in documents)
        for index, block in _blocks(documents):
            if block.get("type") == "tool_use":
                # A streamed block begins with an empty input; its deltas have the arguments.
                call = found.setdefault(index, ToolCall())
                call.names.append(Slot(block, "name"))
                if not is_stream:
                    call.objects.append(Slot(block, "input"))
            elif block.get("type") == "input_json_delta" and index in found:
                found[index].written.pieces.append(Slot(block, "partial_json"))
        return list(found.values())

    def repeat_call(self, documents: Documents) -> bool:
        """Ask for the first tool call twice."""
        blocks = _blocks(documents)
        wanted = next((index for index, block in blocks if block.get("type") == "tool_use"), None)
        if wanted is None:
            return False
        last = 1 + max(index for index, _ in blocks)
        for document in documents:
            content = document.get("content")
            if isinstance(content, list):
                content.append(_renumbered(content[wanted]))
                return True
        events = [
            document
            for document in documents
            if document.get("type") in _BLOCK_EVENTS and document.get("index") == wanted
        ]
        copies = [{**deepcopy(event), "index": last} for event in events]
        for event in copies:
            if "content_block" in event:
                event["content_block"] = _renumbered(event["content_block"])
        ends = [
            place for place, document in enumerate(documents) if document.get("type") == "content_block_stop"
        ]
        documents[ends[-1] + 1 : ends[-1] + 1] = copies if ends else []
        return bool(ends)

    def cut_short(self, documents: Documents) -> None:
        """Say that the reply ended because it was as long as allowed."""
        for document in documents:
            for holder in (document, child(document, "delta")):
                if holder.get("stop_reason"):
                    holder["stop_reason"] = "max_tokens"

    def drop_usage(self, document: dict[str, Any]) -> bool:
        """Leave out how many tokens were used."""
        own = document.pop("usage", None)
        return child(document, "message").pop("usage", None) is not None or own is not None

    def unknown_event(self) -> dict[str, Any]:
        """An event of a kind that no client knows yet."""
        return {"type": "latency_checkpoint", "index": 0}

    def is_last(self, document: dict[str, Any]) -> bool:
        """Whether this event says that the stream is complete."""
        return document.get("type") == "message_stop"

    def tools_offered(self, request: dict[str, Any]) -> list[str]:
        """Names of the tools that a request offers to the model."""
        return [tool["name"] for tool in children(request, "tools") if isinstance(tool.get("name"), str)]


def _blocks(documents: Documents) -> list[tuple[int, dict[str, Any]]]:
    """(index, block or a piece of it) in their order."""
    found: list[tuple[int, dict[str, Any]]] = []
    for document in documents:
        kind = document.get("type")
        if kind in _BLOCK_EVENTS:
            found.append(
                (document.get("index", 0), child(document, "content_block") or child(document, "delta"))
            )
        elif kind == "message":
            content = document.get("content")
            blocks = content if isinstance(content, list) else []
            found.extend((index, block) for index, block in enumerate(blocks) if isinstance(block, dict))
    return found


def _renumbered(block: dict[str, Any]) -> dict[str, Any]:
    return {**deepcopy(block), "id": f"{block.get('id', 'toolu')}b"}


def _message(reply: Reply, content: list[dict[str, Any]], stop: str | None, written: int) -> dict[str, Any]:
    read = words_in(reply.request.body.decode("utf-8", "replace"))
    return {
        "id": f"msg_{reply.token}",
        "type": "message",
        "role": "assistant",
        "model": reply.request.name,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": read, "output_tokens": written},
    }


def _text_block(text: str) -> list[dict[str, Any]]:
    pieces = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        for piece in text.splitlines(keepends=True)
    ]
    begin = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return [begin, {"type": "ping"}, *pieces, {"type": "content_block_stop", "index": 0}]
