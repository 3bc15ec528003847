"""The port between the scripted LLM and its wire formats: one provider's format is one module behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

from aiohttp import web

from flakestorm.testing.script import Failure, Message, Reply, Tool


class Backend(Protocol):
    """What a wire format may ask of the scripted LLM."""

    models: Sequence[str]
    """The accepted names; none means any."""
    api_key: str | None
    """The only accepted key; None means that nobody looks."""

    async def answer(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply | Failure:
        """What the script says to this conversation."""
        ...

    def number(self) -> int:
        """1, 2, 3 … for ids that differ."""
        ...


WireFormat: TypeAlias = Callable[[Backend], Iterable[web.AbstractRouteDef]]
"""The routes of one provider's API."""
