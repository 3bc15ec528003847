"""OpenAI's Responses API: replies, and where things stand in them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words import openai_errors
from flakestorm.chaos.faults.words.failure import Failure, json_answer
from flakestorm.chaos.faults.words.port import Documents, Reply
from flakestorm.chaos.faults.words.responses_items import items, pieces
from flakestorm.chaos.faults.words.responses_reply import events, whole
from flakestorm.chaos.faults.words.slots import Slot, Text, ToolCall, child, children
from flakestorm.chaos.faults.words.writing import event_stream

_END = ("response.completed", "response.incomplete", "response.failed")


class Responses:
    """Implements ``Words``. A stream says everything several times: in pieces, when done, and in the end."""

    names_events = True
    has_comments = True

    def failure(self, told: Failure) -> Answer:
        """An error."""
        return openai_errors.failure(told)

    def broken_off(self, told: Failure) -> dict[str, Any]:
        """The event that reports an error in the middle of a stream."""
        message = f"The server had an error while processing the request (request id: {told.request_id})."
        return {
            "type": "error",
            "code": "server_error",
            "message": message,
            "param": None,
            "sequence_number": 99,
        }

    def reply(self, reply: Reply) -> Answer:
        """A reply, streamed if that was asked for."""
        headers = (("x-request-id", f"req_{reply.token}"),)
        if reply.request.stream:
            return event_stream(events(reply), named=True, headers=headers)
        return json_answer(200, whole(reply), headers)

    def texts(self, documents: Documents) -> list[Text]:
        """The text of each output item's parts."""
        found: dict[tuple[int, int], Text] = {}
        for output, part, key, holder in pieces(documents):
            if key == "text":
                found.setdefault((output, part), Text()).pieces.append(Slot(holder, "delta"))
            elif key == "text_copy":
                found.setdefault((output, part), Text()).copies.append(Slot(holder, "text"))
        for output, item in items(documents):
            for part, content in enumerate(children(item, "content")):
                if content.get("type") == "output_text" and isinstance(content.get("text"), str):
                    found.setdefault((output, part), Text()).copies.append(Slot(content, "text"))
        return list(found.values())

    def tool_calls(self, documents: Documents) -> list[ToolCall]:
        """The output items of type function_call."""
        found: dict[int, ToolCall] = {}
        for output, item in items(documents):
            if item.get("type") == "function_call":
                call = found.setdefault(output, ToolCall())
                call.names.append(Slot(item, "name"))
                if item.get("arguments"):
                    call.written.copies.append(Slot(item, "arguments"))
        for output, _, key, holder in pieces(documents):
            if output in found and key == "arguments":
                found[output].written.pieces.append(Slot(holder, "delta"))
            elif output in found and key == "arguments_copy":
                found[output].written.copies.append(Slot(holder, "arguments"))
        return list(found.values())

    def repeat_call(self, documents: Documents) -> bool:
        """Ask for the first function call twice."""
        calls = [output for output, item in items(documents) if item.get("type") == "function_call"]
        if not calls:
            return False
        number = 1 + max(output for output, _ in items(documents))
        streamed = [deepcopy(event) for event in documents if event.get("output_index") == calls[0]]
        for event in streamed:
            event["output_index"] = number
            event["item_id"] = f"{event.get('item_id', 'fc')}b"
            if "item" in event:
                _renumber(event["item"])
        for document in documents:
            output = child(document, "response").get("output") or document.get("output")
            if isinstance(output, list) and len(output) > calls[0]:
                output.append(_renumber(deepcopy(output[calls[0]])))
        last = max((n for n, event in enumerate(documents) if "output_index" in event), default=-1)
        documents[last + 1 : last + 1] = streamed
        return True

    def cut_short(self, documents: Documents) -> None:
        """Say that the reply ended because it was as long as allowed."""
        for document in documents:
            is_end = document.get("type") == "response.completed"
            if is_end:
                document["type"] = "response.incomplete"
            response = child(document, "response") if is_end else document
            if response.get("status") == "completed" and "output" in response:
                response["status"] = "incomplete"
                response["incomplete_details"] = {"reason": "max_output_tokens"}

    def drop_usage(self, document: dict[str, Any]) -> bool:
        """Leave out how many tokens were used."""
        own = document.pop("usage", None)
        return child(document, "response").pop("usage", None) is not None or own is not None

    def unknown_event(self) -> dict[str, Any]:
        """An event of a kind that no client knows yet."""
        return {"type": "response.latency.checkpoint", "sequence_number": 1}

    def is_last(self, document: dict[str, Any]) -> bool:
        """Whether this event says that the stream is complete."""
        return document.get("type") in _END

    def tools_offered(self, request: dict[str, Any]) -> list[str]:
        """Names of the functions that a request offers to the model."""
        return [tool["name"] for tool in children(request, "tools") if isinstance(tool.get("name"), str)]


def _renumber(item: dict[str, Any]) -> dict[str, Any]:
    for key in ("id", "call_id"):
        if isinstance(item.get(key), str):
            item[key] += "b"
    return item
