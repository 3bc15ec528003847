"""The port of the providers: what has to be known of one so that its answers can be made up and changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.words.failure import Failure
from flakestorm.chaos.faults.words.slots import Text, ToolCall
from flakestorm.chaos.request import CallRequest

Documents = list[dict[str, Any]]
"""An answer as JSON: one document when it is whole, one for each event when it is streamed."""

Manner = Literal["plain", "refusal", "content_filter", "no_choices"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that is made up. ``token`` makes its ids its own; ``created`` is in seconds since 1970."""

    request: CallRequest
    text: str
    manner: Manner
    token: str
    created: int


class Words(Protocol):
    """One provider's way to write answers. Documents that it does not know are left alone."""

    names_events: bool
    """Whether streamed events carry their type in a line of its own as well."""

    has_comments: bool
    """Whether its clients know the comments of server-sent events."""

    def failure(self, told: Failure) -> Answer | None:
        """An error; None when the provider does not have it."""
        ...

    def broken_off(self, told: Failure) -> dict[str, Any]:
        """The event that reports an error in the middle of a stream."""
        ...

    def reply(self, reply: Reply) -> Answer | None:
        """A reply, streamed if that was asked for; None when the provider has no such reply."""
        ...

    def texts(self, documents: Documents) -> list[Text]:
        """The texts that the model wrote for the user, one for each choice or block."""
        ...

    def tool_calls(self, documents: Documents) -> list[ToolCall]:
        """The tool calls that the model asks for."""
        ...

    def repeat_call(self, documents: Documents) -> bool:
        """Ask for the first tool call twice. False when there is none."""
        ...

    def cut_short(self, documents: Documents) -> None:
        """Say that the reply ended because it was as long as allowed."""
        ...

    def drop_usage(self, document: dict[str, Any]) -> bool:
        """Leave out how many tokens were used. False when the document does not say it."""
        ...

    def unknown_event(self) -> dict[str, Any]:
        """An event of a kind that no client knows yet."""
        ...

    def is_last(self, document: dict[str, Any]) -> bool:
        """Whether this event says that the stream is complete."""
        ...

    def tools_offered(self, request: dict[str, Any]) -> list[str]:
        """Names of the tools that a request offers to the model."""
        ...
