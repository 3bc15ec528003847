"""Ports between the scripted LLM and its wire formats: a provider's format is a few modules behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from aiohttp import web

from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Failure, Message, Reply, Tool

ANY_MODEL = "scripted"
"""Listed where every model is accepted."""


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


class Asked(Protocol):
    """A request in words that all formats share."""

    @property
    def messages(self) -> Sequence[Message]:
        """The conversation so far."""
        ...

    @property
    def tools(self) -> Sequence[Tool]:
        """What the model may call."""
        ...

    @property
    def stream(self) -> bool:
        """Whether the answer is wanted piece by piece."""
        ...


class Written(Protocol):
    """An answer in a format's own words."""

    @property
    def media_type(self) -> str:
        """Of the stream."""
        ...

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        ...

    def stream(self) -> Iterator[bytes]:
        """The same piece by piece, with the end that the format has."""
        ...


class Dialect(Protocol):
    """What all routes of one provider have in common."""

    def check(self, request: web.Request, wanted_key: str | None) -> None:
        """Raises ``Refused`` when the request's headers are not as the API wants them."""
        ...

    def headers(self, number: int) -> Mapping[str, str]:
        """What comes with every answer."""
        ...

    def error(self, request: web.Request, refused: Refused, number: int) -> Any:
        """The body of an error."""
        ...


class Catalogue(Dialect, Protocol):
    """A dialect that lists models at ``/v1/models``."""

    def model_list(self, names: Sequence[str]) -> dict[str, Any]:
        """The models, as the API lists them."""
        ...

    def model_entry(self, name: str) -> dict[str, Any]:
        """One model."""
        ...

    def no_model(self, name: str) -> Refused:
        """There is no such model."""
        ...
