"""Makes up replies of OpenAI's Responses API, whole and as its typed events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flakestorm.chaos.faults.words.port import Reply
from flakestorm.chaos.faults.words.writing import words_in


def whole(reply: Reply) -> dict[str, Any]:
    """The response object."""
    filtered = reply.manner == "content_filter"
    output = [] if reply.manner == "no_choices" else [_item(reply, [_part(reply)], filtered)]
    read, written = words_in(reply.request.body.decode("utf-8", "replace")), words_in(reply.text)
    return {
        **_head(reply),
        "status": "incomplete" if filtered else "completed",
        "incomplete_details": {"reason": "content_filter"} if filtered else None,
        "output": output,
        "usage": {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        },
    }


def events(reply: Reply) -> Iterator[dict[str, Any]]:
    """The same as a stream, each event with its number."""
    for number, event in enumerate(_events(reply)):
        yield {**event, "sequence_number": number}


def _events(reply: Reply) -> Iterator[dict[str, Any]]:
    begun = {**_head(reply), "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    end = whole(reply)
    for item in end["output"]:
        begun_item = {**item, "status": "in_progress", "content": []}
        yield {"type": "response.output_item.added", "output_index": 0, "item": begun_item}
        yield from _part_events(reply, item["id"])
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": f"response.{end['status']}", "response": end}


def _part_events(reply: Reply, item_id: str) -> Iterator[dict[str, Any]]:
    part = _part(reply)
    key = "refusal" if reply.manner == "refusal" else "text"
    kind = "response.refusal" if key == "refusal" else "response.output_text"
    more: dict[str, Any] = {} if key == "refusal" else {"logprobs": []}
    place = {"item_id": item_id, "output_index": 0, "content_index": 0}
    yield {"type": "response.content_part.added", **place, "part": {**part, key: ""}}
    for piece in reply.text.splitlines(keepends=True):
        yield {"type": f"{kind}.delta", **place, "delta": piece, **more}
    yield {"type": f"{kind}.done", **place, key: reply.text, **more}
    yield {"type": "response.content_part.done", **place, "part": part}


def _part(reply: Reply) -> dict[str, Any]:
    if reply.manner == "refusal":
        return {"type": "refusal", "refusal": reply.text}
    return {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}


def _item(reply: Reply, content: list[dict[str, Any]], filtered: bool) -> dict[str, Any]:
    status = "incomplete" if filtered else "completed"
    head = {"id": f"msg_{reply.token}", "type": "message", "status": status, "role": "assistant"}
    return {**head, "content": content}


def _head(reply: Reply) -> dict[str, Any]:
    return {
        "id": f"resp_{reply.token}",
        "object": "response",
        "created_at": reply.created,
        "model": reply.request.name,
        "error": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }
