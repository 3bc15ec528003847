"""What a Responses answer consists of: its output items, and the streamed pieces of them."""

from __future__ import annotations

from typing import Any

from flakestorm.chaos.faults.words.port import Documents
from flakestorm.chaos.faults.words.slots import child, children

_PIECES = {
    "response.output_text.delta": "text",
    "response.output_text.done": "text_copy",
    "response.content_part.done": "text_copy",
    "response.function_call_arguments.delta": "arguments",
    "response.function_call_arguments.done": "arguments_copy",
}


def items(documents: Documents) -> list[tuple[int, dict[str, Any]]]:
    """(output index, item) of every output item, each time that it is told."""
    found: list[tuple[int, dict[str, Any]]] = []
    for document in documents:
        if "output_index" in document and child(document, "item"):
            found.append((document["output_index"], child(document, "item")))
        holder = document if isinstance(document.get("output"), list) else child(document, "response")
        found.extend(enumerate(children(holder, "output")))
    return found


def pieces(documents: Documents) -> list[tuple[int, int, str, dict[str, Any]]]:
    """(output index, content index, what it is, holder) of the streamed pieces.

    ``text`` and ``arguments`` are the next piece, in the holder's ``delta``; ``text_copy`` and
    ``arguments_copy`` are all of it once more, in its ``text`` or ``arguments``.
    """
    found = []
    for document in documents:
        what = _PIECES.get(document.get("type", ""))
        if what is None:
            continue
        place = document.get("output_index", 0), document.get("content_index", 0)
        holder = document
        if document["type"] == "response.content_part.done":
            holder = child(document, "part")
            if holder.get("type") != "output_text":
                continue
        found.append((*place, what, holder))
    return found
