"""LLM faults in what the reply says: made-up replies, and edits of the upstream's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.faults.drift import drifted
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.statuses import failure, made_up
from flakestorm.chaos.faults.stream.documents import Edit, EditedStream, rewriting
from flakestorm.chaos.faults.words.port import Documents, Manner, Words
from flakestorm.chaos.faults.words.providers import WORDS
from flakestorm.chaos.faults.words.writing import object_of

CHARACTERS_PER_TOKEN = 4
DEFAULT_TOKENS = 10

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I can't assist with this request.",
    "Sorry, this is something that I'm not able to do.",
)
GARBAGE = (
    "\u00c3\u00a9\u00c3\u00bc \ufffd\ufffd \x7f }{ ]]> null undefined NaN &&&& \u0000\u0008 %s%s%n \u202e;drop",
    "the the the the the the the the the the the the the the the the the the the the the the the",
    'asdkjh 9182 qwpoeiru zmxncb {"a": [1, 2, ,} <tool> </tol> \\u00zz lorem \u05e9\u4e2d \U0001f9ff 0x0x0x',
)

LlmDecision = Callable[[LlmFault, Occasion], Decision]


def made(manner: Manner, *texts: str) -> LlmDecision:
    """Replies that are made up; ``texts`` are what they may say."""

    def decide(fault: LlmFault, occasion: Occasion) -> Decision:
        text = occasion.rng.choice(texts)
        reply = replace(made_up(occasion, text), manner=manner)
        answer = WORDS[occasion.request.provider].reply(reply)
        if answer is not None:
            return Part(answer=answer)
        # Anthropic reports a filtered reply as an error.
        is_error = manner == "content_filter" and occasion.request.provider == "anthropic"
        return failure(fault, occasion) if is_error else "the provider has no such reply"

    return decide


def edited(edit: Callable[[LlmFault, Occasion, Words, Documents], None]) -> LlmDecision:
    """Edits of the upstream's reply; the same one for whole and streamed replies."""

    def decide(fault: LlmFault, occasion: Occasion) -> Decision:
        words = WORDS[occasion.request.provider]

        def change(documents: Documents) -> None:
            edit(fault, occasion, words, documents)

        once: Edit = change
        return Part(rewrite=rewriting(once), shaper=lambda: EditedStream(once, words.names_events))

    return decide


def truncate(fault: LlmFault, occasion: Occasion, words: Words, documents: Documents) -> None:  # noqa: ARG001 - as all edits
    """Keep ``max_tokens`` of the reply, and say so."""
    allowed = CHARACTERS_PER_TOKEN * (DEFAULT_TOKENS if fault.max_tokens is None else fault.max_tokens)
    left, cut = allowed, False
    for text in words.texts(documents):
        value = text.value
        if len(value) > left:
            text.write(value[:left])
            cut = True
        left = max(0, left - len(value))
    for call in words.tool_calls(documents):
        size = len(call.written.value)
        if size > left or not size:
            call.shorten(left)
            cut = True
        left = max(0, left - size)
    if cut:
        words.cut_short(documents)


def malform_arguments(
    fault: LlmFault,
    occasion: Occasion,
    words: Words,
    documents: Documents,  # noqa: ARG001 - as all edits
) -> None:
    """Arguments of tool calls that cannot be used."""
    for call in words.tool_calls(documents):
        call.spoil()


def ask_unknown_tool(
    fault: LlmFault,
    occasion: Occasion,
    words: Words,
    documents: Documents,  # noqa: ARG001 - as all edits
) -> None:
    """The model asks for a tool that does not exist."""
    offered = set(words.tools_offered(_asked(occasion)))
    for call in words.tool_calls(documents):
        name = f"{call.name}_v2"
        while name in offered:
            name += "_v2"
        call.rename(name)


def ask_wrong_tool(fault: LlmFault, occasion: Occasion, words: Words, documents: Documents) -> None:  # noqa: ARG001 - as all edits
    """The model asks for another one of the offered tools."""
    offered = sorted(set(words.tools_offered(_asked(occasion))))
    for call in words.tool_calls(documents):
        others = [name for name in offered if name != call.name]
        if others:
            call.rename(others[sum(map(ord, call.name)) % len(others)])


def ask_twice(fault: LlmFault, occasion: Occasion, words: Words, documents: Documents) -> None:  # noqa: ARG001 - as all edits
    """The model asks for the same tool call twice."""
    words.repeat_call(documents)


def drift(fault: LlmFault, occasion: Occasion, words: Words, documents: Documents) -> None:  # noqa: ARG001 - as all edits
    """The reply says the same in another way, as after a change of the model's version."""
    for text in words.texts(documents):
        value = text.value
        if value.strip():
            changed = drifted(value, fault)
            if changed != value:
                text.write(changed)


def _asked(occasion: Occasion) -> dict[str, Any]:
    return object_of(occasion.request.body) or {}
