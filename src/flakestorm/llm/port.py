"""The port of providers: what each adapter around an official SDK takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from flakestorm.model.chat import ChatClient

NO_KEY = "no-key"
"""Sent where an SDK insists on a key and the server, at an address of its own, needs none."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and whom to ask. ``base_url`` of None is the provider's usual address."""

    provider: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    timeout_s: float = 60.0


class Provider(ChatClient, Protocol):
    """An adapter: one call of ``complete`` is one request, without retries, and raises only ``LlmError``."""

    async def aclose(self) -> None:
        """Close its connections."""
        ...
