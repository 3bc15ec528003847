"""Connecting: a cancellation is heard, and a connection that comes too late is closed."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from flakestorm.agents.wire import exchange
from flakestorm.agents.wire.exchange import Line, WireClient
from flakestorm.agents.wire.golden_request import GoldenRequest
from flakestorm.agents.wire.script import Script
from flakestorm.model.attack import Attack
from flakestorm.model.wire import Ended


class FakeChannel:
    """A connection of which only the end matters."""

    def __init__(self) -> None:
        self.closed = False

    def close(self, reset: bool = False) -> None:
        """Remember it."""
        self.closed = True


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Future[FakeChannel]]:
    """What ``open_channel`` gives, as a future for each call; the client cannot make it give up."""
    futures: list[asyncio.Future[FakeChannel]] = []

    async def open_channel(url: URL, verify_tls: bool) -> FakeChannel:
        futures.append(asyncio.get_running_loop().create_future())
        return await asyncio.shield(futures[-1])

    monkeypatch.setattr(exchange, "open_channel", open_channel)
    return futures


def client(golden: GoldenRequest, timeout_s: float) -> WireClient:
    """One that sends an ordinary request."""
    return WireClient(Line(URL("http://127.0.0.1:1/"), True, timeout_s), Script.of(Attack(), golden))


async def test_cancelling_as_the_connection_comes_cancels(
    golden: GoldenRequest, connection: list[asyncio.Future[FakeChannel]]
) -> None:
    """The connection does not swallow the cancellation, and does not stay open."""
    running = asyncio.create_task(client(golden, 60).run())
    for _ in range(5):
        await asyncio.sleep(0)
    channel = FakeChannel()
    connection[0].set_result(channel)
    await asyncio.sleep(0)  # the shield has the channel, the task that waits for it has not
    running.cancel()
    await asyncio.wait({running})
    await asyncio.sleep(0)
    assert running.cancelled()
    assert channel.closed


async def test_no_connection_in_time_is_told(
    golden: GoldenRequest, connection: list[asyncio.Future[FakeChannel]]
) -> None:
    """It ends, with a reason for people."""
    seen = await client(golden, 0.01).run()
    assert (seen.ended, seen.body) == (Ended.REFUSED, "none within 0.01 s")
