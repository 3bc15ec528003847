"""The sender's side of the pipe, without a process around it."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from flakestorm.agents.port import Agent, Request
from flakestorm.agents.sender_process import Requests
from flakestorm.frames import frame
from flakestorm.model.outcome import Outcome


class Broken:
    """An agent with a fault of ours: it raises, which none may."""

    async def send(self, request: Request) -> Outcome:
        """See ``agents.port``."""
        raise ValueError(request.text)


class Deaf(asyncio.WriteTransport):
    """A pipe that nobody reads."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See ``asyncio.WriteTransport``."""


async def test_a_fault_of_ours_ends_the_process() -> None:
    """So that the run hears of it at once, and does not wait for an outcome that never comes."""
    requests = Requests(cast("Agent", Broken()), Deaf(), most=2)
    requests.data_received(frame([(0, ("hi",), "a")]))
    with pytest.raises(ValueError, match="hi"):
        await asyncio.wait_for(requests.ended, 10)
