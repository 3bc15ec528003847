"""LLM faults of streamed replies: when and how the events arrive."""

from __future__ import annotations

from collections.abc import Callable

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.effect import Answer, Ending
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.statuses import told
from flakestorm.chaos.faults.stream.documents import framed, rewriting
from flakestorm.chaos.faults.stream.events import Event
from flakestorm.chaos.faults.stream.shapers import EachEvent, EndAfter, LateStart, Narrow, Once, Slow
from flakestorm.chaos.faults.words.failure import json_bytes
from flakestorm.chaos.faults.words.port import Documents, Words
from flakestorm.chaos.faults.words.providers import WORDS
from flakestorm.chaos.faults.words.writing import object_of

FIRST_TOKEN_MS = 10_000
TOKEN_MS = 250
CHUNKS = 3
BYTES_PER_S = 200
"""Defaults of the options."""


def slow_first_token(fault: LlmFault, occasion: Occasion) -> Decision:
    """The reply begins late. A whole reply is one token in this sense."""
    delay = FIRST_TOKEN_MS if fault.delay_ms is None else fault.delay_ms
    if not occasion.request.stream:
        return Part(delay_ms=delay)
    return Part(shaper=lambda: LateStart(delay))


def slow_tokens(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """A pause before each event."""
    return Part(shaper=lambda: Slow(TOKEN_MS if fault.delay_ms is None else fault.delay_ms))


def bandwidth(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """Bytes drip through; whole answers as well."""
    rate = fault.bytes_per_s or BYTES_PER_S
    return Part(shaper=lambda: Narrow(rate))


def ending(kind: Ending) -> Callable[[LlmFault, Occasion], Decision]:
    """Faults that end the stream after some chunks."""

    def decide(fault: LlmFault, occasion: Occasion) -> Decision:
        count = CHUNKS if fault.after_chunks is None else fault.after_chunks
        words = WORDS[occasion.request.provider]
        return Part(shaper=lambda: EndAfter(count, kind, lambda event: _is_last(event, words)))

    return decide


def stream_error(fault: LlmFault, occasion: Occasion) -> Decision:
    """An error is reported in the middle of the stream, which has status 200; then the stream ends."""
    words = WORDS[occasion.request.provider]
    error = words.broken_off(told(fault, occasion))

    def last_words(event: Event) -> bytes:
        end = b"]" if event.form == "list" else b""
        if words.names_events and event.form == "sse":
            return b"event: error\ndata: " + json_bytes(error) + b"\n\n"
        return framed(error, event, named=False) + end

    return Part(
        shaper=lambda: EndAfter(CHUNKS, Ending.CLEAN, lambda event: _is_last(event, words), last_words)
    )


def malformed_chunk(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """One event is not JSON."""
    words = WORDS[occasion.request.provider]

    def cut(event: Event) -> bytes:
        return event.with_data(event.data[: max(1, len(event.data) * 3 // 5)].rstrip())

    return Part(shaper=lambda: Once(lambda event: _says_something(event, words), cut))


def duplicate_chunk(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """One event with a piece of the reply comes twice."""
    words = WORDS[occasion.request.provider]

    def twice(event: Event) -> bytes:
        return event.raw + (b"," + event.data if event.form == "list" else event.raw)

    return Part(shaper=lambda: Once(lambda event: _says_something(event, words), twice))


def unknown_event(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """An event of a new kind comes between the others, with a comment before it where clients know those."""
    words = WORDS[occasion.request.provider]

    def with_stranger(event: Event) -> bytes:
        comment = b": keep-alive\n\n" if words.has_comments else b""
        return event.raw + comment + framed(words.unknown_event(), event, words.names_events)

    return Part(shaper=lambda: Once(lambda event: not _is_last(event, words), with_stranger))


def missing_usage(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """Nothing says how many tokens were used; whole replies as well."""
    words = WORDS[occasion.request.provider]

    def edit(documents: Documents) -> None:
        for document in documents:
            words.drop_usage(document)

    def change(event: Event) -> bytes:
        document = object_of(event.data)
        if document is None or not words.drop_usage(document):
            return event.raw
        # OpenAI's last chunk has the usage and nothing else.
        return b"" if document.get("choices") == [] else event.with_data(json_bytes(document))

    return Part(rewrite=rewriting(edit), shaper=lambda: EachEvent(change))


def stale(fault: LlmFault, occasion: Occasion) -> Decision:  # noqa: ARG001 - as all faults
    """The first answer of the same model in this trial, once more."""
    return earlier_answer(occasion)


def earlier_answer(occasion: Occasion) -> Decision:
    """The oldest answer of the trial, without asking upstream."""
    if not occasion.earlier:
        return "there is no earlier answer in this trial"
    first: Answer = occasion.earlier[0]
    return Part(answer=first)


def _is_last(event: Event, words: Words) -> bool:
    if event.data == b"[DONE]":
        return True
    document = object_of(event.data)
    return document is not None and words.is_last(document)


def _says_something(event: Event, words: Words) -> bool:
    """Whether the event has a piece of the reply."""
    document = object_of(event.data)
    if document is None:
        return False
    return any(text.value for text in words.texts([document])) or bool(
        words.tool_calls([document]) or document.get("type", "").endswith(("_json_delta", "arguments.delta"))
    )
