"""Tells calls that make a model write from its other calls, such as embeddings: only those have replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flakestorm.chaos.faults.part import Decision, Occasion
from flakestorm.chaos.request import CallRequest

F = TypeVar("F")

_ENDINGS = {
    "openai": ("/chat/completions",),
    "responses": ("/responses",),
    "anthropic": ("/messages",),
    "google": (":generateContent", ":streamGenerateContent"),
    "ollama": ("/api/chat", "/api/generate"),
}
NO_GENERATION = "the call does not ask for a reply"
NOT_STREAMED = "the call does not ask for a stream"


def is_generation(request: CallRequest) -> bool:
    """Whether the answer is a model's reply. Where the address is not known, it is taken to be one."""
    path = urlsplit(request.url).path.rstrip("/")
    return not path or path.endswith(_ENDINGS.get(request.provider, ("",)))


def on_replies(decide: Callable[[F, Occasion], Decision]) -> Callable[[F, Occasion], Decision]:
    """``decide``, for calls that ask for a reply."""

    def checked(fault: F, occasion: Occasion) -> Decision:
        return decide(fault, occasion) if is_generation(occasion.request) else NO_GENERATION

    return checked


def on_streams(decide: Callable[[F, Occasion], Decision]) -> Callable[[F, Occasion], Decision]:
    """``decide``, for calls that ask for a streamed reply."""

    def checked(fault: F, occasion: Occasion) -> Decision:
        return decide(fault, occasion) if occasion.request.stream else NOT_STREAMED

    return on_replies(checked)
