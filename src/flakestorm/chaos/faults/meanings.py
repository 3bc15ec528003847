"""LLM faults in what the reply says: made-up replies, and edits of the upstream's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.faults.drift import drifted
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.statuses import failure, made_up
from flakestorm.chaos.faults.stream.documents import EditedStream, rewriting
from flakestorm.chaos.faults.words.port import Documents, Manner, Words
from flakestorm.chaos.faults.words.providers import WORDS
from flakestorm.chaos.faults.words.slots import ToolCall
from flakestorm.chaos.faults.words.writing import object_of

CHARACTERS_PER_TOKEN = 4
DEFAULT_TOKENS = 10

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I can't assist with this request.",
    "Sorry, this is something that I'm not able to do.",
)
GARBAGE = (
    "\u00c3\u00a9\u00c3\u00bc \ufffd\ufffd \x7f }{ ]]> null NaN &&&& \u0000\u0008 %s%s%n \u202e;drop",
    "the the the the the the the the the the the the the the the the the the the the the the the",
    'asdkjh 9182 qwpoeiru zmxncb {"a": [1, 2, ,} <tool> </tol> \\u00zz \u05e9\u4e2d \U0001f9ff 0x0x',
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


@dataclass(frozen=True, slots=True)
class Received:
    """A reply that came from upstream, to be edited in place, and what there is to know about it."""

    fault: LlmFault
    occasion: Occasion
    words: Words
    documents: Documents

    @property
    def tools_offered(self) -> list[str]:
        """Names of the tools that the request offers, in alphabetical order."""
        request = object_of(self.occasion.request.body) or {}
        return sorted(set(self.words.tools_offered(request)))

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls that the reply asks for."""
        return self.words.tool_calls(self.documents)


def edited(edit: Callable[[Received], object]) -> LlmDecision:
    """Edits of the upstream's reply; the same one for whole and streamed replies."""

    def decide(fault: LlmFault, occasion: Occasion) -> Decision:
        words = WORDS[occasion.request.provider]

        def change(documents: Documents) -> None:
            edit(Received(fault, occasion, words, documents))

        return Part(rewrite=rewriting(change), shaper=lambda: EditedStream(change, words.names_events))

    return decide


def truncate(received: Received) -> None:
    """Keep ``max_tokens`` of the reply, and say so."""
    tokens = received.fault.max_tokens
    left = CHARACTERS_PER_TOKEN * (DEFAULT_TOKENS if tokens is None else tokens)
    cut = False
    for text in received.words.texts(received.documents):
        value = text.value
        if len(value) > left:
            text.write(value[:left])
            cut = True
        left = max(0, left - len(value))
    for call in received.tool_calls:
        size = call.size
        if size > left:
            call.shorten(left)
            cut = True
        left = max(0, left - size)
    if cut:
        received.words.cut_short(received.documents)


def malform_arguments(received: Received) -> None:
    """Arguments of tool calls that cannot be used."""
    for call in received.tool_calls:
        call.spoil()


def ask_unknown_tool(received: Received) -> None:
    """The model asks for a tool that does not exist."""
    offered = received.tools_offered
    for call in received.tool_calls:
        name = f"{call.name}_v2"
        while name in offered:
            name += "_v2"
        call.rename(name)


def ask_wrong_tool(received: Received) -> None:
    """The model asks for the next one of the offered tools."""
    offered = received.tools_offered
    for call in received.tool_calls:
        others = [name for name in offered if name > call.name] or [n for n in offered if n != call.name]
        if others:
            call.rename(others[0])


def ask_twice(received: Received) -> None:
    """The model asks for the same tool call twice."""
    received.words.repeat_call(received.documents)


def drift(received: Received) -> None:
    """The reply says the same in another way, as after a change of the model's version."""
    for text in received.words.texts(received.documents):
        if text.value.strip():
            text.write(drifted(text.value, received.fault))
