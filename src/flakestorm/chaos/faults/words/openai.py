"""OpenAI's chat completions: replies, and where things stand in them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words import openai_errors
from flakestorm.chaos.faults.words.failure import Failure, json_answer
from flakestorm.chaos.faults.words.port import Documents, Reply
from flakestorm.chaos.faults.words.slots import Slot, Text, ToolCall, child, children
from flakestorm.chaos.faults.words.writing import event_stream, object_of, words_in

DONE = b"data: [DONE]\n\n"


class OpenAI:
    """Implements ``Words``; servers that speak the same format are of this kind as well."""

    names_events = False
    has_comments = True

    def failure(self, told: Failure) -> Answer:
        """An error."""
        return openai_errors.failure(told)

    def broken_off(self, told: Failure) -> dict[str, Any]:
        """The event that reports an error in the middle of a stream."""
        message = f"The server had an error while processing the request (request id: {told.request_id})."
        return openai_errors.body(message, "server_error", None)

    def reply(self, reply: Reply) -> Answer:
        """A reply, streamed if that was asked for."""
        headers = (("x-request-id", f"req_{reply.token}"),)
        finish = "content_filter" if reply.manner == "content_filter" else "stop"
        usage = _usage(reply)
        if not reply.request.stream:
            choice = {"index": 0, "message": _message(reply), "logprobs": None, "finish_reason": finish}
            choices = [] if reply.manner == "no_choices" else [choice]
            whole = {**_head(reply, "chat.completion"), "choices": choices, "usage": usage}
            return json_answer(200, whole, headers)
        head = _head(reply, "chat.completion.chunk")
        chunks = [{**head, "choices": choices} for choices in _deltas(reply, finish)]
        asked = child(object_of(reply.request.body) or {}, "stream_options").get("include_usage")
        last = [{**head, "choices": [], "usage": usage}] if asked else []
        return event_stream([*chunks, *last], end=DONE, headers=headers)

    def texts(self, documents: Documents) -> list[Text]:
        """The text of each choice."""
        found: dict[int, Text] = {}
        for index, said in _said(documents):
            if isinstance(said.get("content"), str):
                found.setdefault(index, Text()).pieces.append(Slot(said, "content"))
        return list(found.values())

    def tool_calls(self, documents: Documents) -> list[ToolCall]:
        """The tool calls of all choices."""
        found: dict[tuple[int, int], ToolCall] = {}
        for index, said in _said(documents):
            for place, call in enumerate(children(said, "tool_calls")):
                function = child(call, "function")
                known = found.setdefault((index, call.get("index", place)), ToolCall())
                if function.get("name"):
                    known.names.append(Slot(function, "name"))
                if isinstance(function.get("arguments"), str):
                    known.written.pieces.append(Slot(function, "arguments"))
        return list(found.values())

    def repeat_call(self, documents: Documents) -> bool:
        """Ask for the first tool call twice."""
        calls = self.tool_calls(documents)
        holders = [(place, said) for place, doc in enumerate(documents) for _, said in _said([doc])]
        holders = [(place, said) for place, said in holders if children(said, "tool_calls")]
        if not calls or not holders:
            return False
        first = dict(children(holders[0][1], "tool_calls")[0])
        function = {"name": calls[0].name, "arguments": calls[0].written.value}
        again = {**first, "id": f"{first.get('id', 'call')}b", "function": function}
        place, said = holders[-1]
        if "index" not in first:
            said["tool_calls"].append(again)
            return True
        chunk = deepcopy(documents[place])
        chunk["choices"][0]["delta"] = {"tool_calls": [{**again, "index": len(calls)}]}
        chunk["choices"][0]["finish_reason"] = None
        documents.insert(place + 1, chunk)
        return True

    def cut_short(self, documents: Documents) -> None:
        """Say that the reply ended because it was as long as allowed."""
        for document in documents:
            for choice in children(document, "choices"):
                if choice.get("finish_reason"):
                    choice["finish_reason"] = "length"

    def drop_usage(self, document: dict[str, Any]) -> bool:
        """Leave out how many tokens were used."""
        return document.pop("usage", None) is not None

    def unknown_event(self) -> dict[str, Any]:
        """An event of a kind that no client knows yet."""
        return {"object": "chat.completion.heartbeat", "choices": [], "x_latency_checkpoint": 1}

    def is_last(self, document: dict[str, Any]) -> bool:  # noqa: ARG002 - the port's signature
        """The end is ``[DONE]``, which is no document."""
        return False

    def tools_offered(self, request: dict[str, Any]) -> list[str]:
        """Names of the tools that a request offers to the model."""
        names = [child(tool, "function").get("name") for tool in children(request, "tools")]
        return [name for name in names if isinstance(name, str)]


def _said(documents: Documents) -> list[tuple[int, dict[str, Any]]]:
    """(choice, message or delta) in their order."""
    return [
        (choice.get("index", 0), child(choice, "delta") or child(choice, "message"))
        for document in documents
        for choice in children(document, "choices")
    ]


def _head(reply: Reply, kind: str) -> dict[str, Any]:
    ids = {"id": f"chatcmpl-{reply.token}", "object": kind, "created": reply.created}
    return {**ids, "model": reply.request.name, "service_tier": "default", "system_fingerprint": None}


def _message(reply: Reply) -> dict[str, Any]:
    if reply.manner == "refusal":
        return {"role": "assistant", "content": None, "refusal": reply.text}
    return {"role": "assistant", "content": reply.text, "refusal": None}


def _deltas(reply: Reply, finish: str) -> list[list[dict[str, Any]]]:
    if reply.manner == "no_choices":
        return [[]]
    key = "refusal" if reply.manner == "refusal" else "content"
    begun = {"role": "assistant", "content": "" if key == "content" else None, "refusal": None}
    pieces = [{key: piece} for piece in reply.text.splitlines(keepends=True)]
    deltas = [{"index": 0, "delta": delta, "finish_reason": None} for delta in (begun, *pieces)]
    return [[choice] for choice in (*deltas, {"index": 0, "delta": {}, "finish_reason": finish})]


def _usage(reply: Reply) -> dict[str, int]:
    read, written = words_in(reply.request.body.decode("utf-8", "replace")), words_in(reply.text)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
