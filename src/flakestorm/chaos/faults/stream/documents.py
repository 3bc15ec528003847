"""Answers changed as JSON documents: the same edit for a whole answer and for a streamed one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from flakestorm.chaos.effect import Answer, Step
from flakestorm.chaos.faults.stream.events import Event, Events
from flakestorm.chaos.faults.words.failure import json_bytes
from flakestorm.chaos.faults.words.port import Documents
from flakestorm.chaos.faults.words.writing import event_bytes, object_of

Edit: TypeAlias = Callable[[Documents], None]
"""Changes documents in place; may also add and remove some."""


def rewriting(edit: Edit) -> Callable[[Answer], Answer]:
    """``edit`` for whole answers with status 2xx; all others, and what is not JSON, stay as they are."""

    def rewrite(answer: Answer) -> Answer:
        if not 200 <= answer.status < 300:
            return answer
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            return _events_rewritten(answer, edit)
        documents = value if isinstance(value, list) else [value]
        if not all(isinstance(document, dict) for document in documents):
            return answer
        before = json_bytes(value)
        edit(documents)
        after = json_bytes(documents if isinstance(value, list) else documents[0])
        return answer if after == before else Answer(answer.status, answer.headers, after)

    return rewrite


def _events_rewritten(answer: Answer, edit: Edit) -> Answer:
    """A stream that was handed over as one piece."""
    shaper = EditedStream(edit, named=b"event:" in answer.body[:4096])
    steps = [*shaper.feed(answer.body), *shaper.finish()]
    body = b"".join(step for step in steps if isinstance(step, bytes))
    return answer if body == answer.body else Answer(answer.status, answer.headers, body)


class EditedStream:
    """Holds a stream back until it is complete, then gives it out with its documents edited.

    What a text becomes depends on all of it, and edits such as a rename need every piece. Events that the
    edit leaves alone keep their bytes.
    """

    def __init__(self, edit: Edit, named: bool) -> None:
        self._edit = edit
        self._named = named
        self._splitter = Events()
        self._events: list[Event] = []

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        self._events.extend(self._splitter.feed(data))
        yield from ()

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        known = [(event, object_of(event.data)) for event in self._events]
        documents = [document for _, document in known if document is not None]
        before = {id(document): json_bytes(document) for document in documents}
        edited = list(documents)
        self._edit(edited)
        yield from self._given_out(known, before, edited)
        rest = self._splitter.rest()
        if rest:
            yield rest

    def _given_out(
        self, known: list[tuple[Event, dict[str, Any] | None]], before: dict[int, bytes], edited: Documents
    ) -> Iterator[bytes]:
        """The events in their order, with added documents before the one that they stand before."""
        waiting = list(edited)
        left = {id(document) for document in edited}
        for event, document in known:
            if document is None:
                yield event.raw
                continue
            while waiting and id(waiting[0]) not in before:
                yield self._framed(waiting.pop(0), event)
            if id(document) in left:
                waiting.pop(0)
                after = json_bytes(document)
                yield event.raw if after == before[id(document)] else _renamed(event, document, after)
        for document in waiting:
            yield self._framed(document, self._events[-1])

    def _framed(self, document: dict[str, Any], beside: Event) -> bytes:
        return framed(document, beside, self._named)


def framed(document: dict[str, Any], beside: Event, named: bool) -> bytes:
    """A new event in the same form as ``beside``."""
    if beside.form == "list":
        return b"," + json_bytes(document)
    if beside.form == "lines":
        return json_bytes(document) + b"\n"
    newline = b"\r\n" if b"\r\n" in beside.raw else b"\n"
    return event_bytes(document, named and "type" in document, newline)


def _renamed(event: Event, document: dict[str, Any], data: bytes) -> bytes:
    """The event with its new data; where its type changed, the line with its name changes as well."""
    old = object_of(event.data) or {}
    made = event.with_data(data)
    if event.form == "sse" and isinstance(document.get("type"), str) and old.get("type") != document["type"]:
        made = made.replace(f"event: {old.get('type')}".encode(), f"event: {document['type']}".encode(), 1)
    return made
