"""Other clients are asked fairly: an agent that fails now and then is not blamed, one that stops is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import pytest

from flakestorm.agents.wire import heartbeat as module
from flakestorm.agents.wire.gate import Gate
from flakestorm.agents.wire.heartbeat import beats, described, unhealthy
from flakestorm.model.wire import Ended, WireExchange

GOOD = WireExchange(Ended.ANSWERED, 5.0, status=200)
BAD = WireExchange(Ended.ANSWERED, 5.0, status=500)
LIMITED = WireExchange(Ended.ANSWERED, 5.0, status=429)


def asking(*exchanges: WireExchange) -> tuple[Callable[[], object], list[int]]:
    """An ask that gives these, the last one again and again, and how often it was called."""
    calls = [0]

    async def ask() -> WireExchange:
        calls[0] += 1
        return exchanges[min(calls[0], len(exchanges)) - 1]

    return ask, calls


def is_over() -> asyncio.Event:
    """The attack is over already."""
    event = asyncio.Event()
    event.set()
    return event


@pytest.mark.parametrize(
    ("answers", "served", "failed"),
    [
        ((GOOD,), 1, 0),
        ((LIMITED,), 1, 0),
        ((BAD, GOOD), 1, 0),
        ((BAD, BAD), 0, 1),
    ],
)
async def test_one_failure_is_no_failure(answers: Iterable[WireExchange], served: int, failed: int) -> None:
    """A request that fails is tried again at once; only both failing counts."""
    ask, _ = asking(*answers)
    heartbeat = await beats(ask, GOOD, is_over())
    assert (heartbeat.served, heartbeat.failed) == (served, failed)
    assert heartbeat.undisturbed_ms == 5.0


async def test_the_number_of_requests_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attack that never ends does not cost more than so many."""
    monkeypatch.setattr(module, "FIRST_GAP_S", 0.0)
    ask, calls = asking(GOOD)
    heartbeat = await beats(ask, GOOD, asyncio.Event())
    assert calls[0] == heartbeat.served == module.MOST_BEATS


async def test_health_needs_one_good_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several tries; the reason is that of the last."""
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    refused = WireExchange(Ended.REFUSED, 1.0, body="Connection refused")
    ask, calls = asking(BAD, GOOD)
    assert await unhealthy(ask, 200) == ""
    assert calls[0] == 2
    ask, calls = asking(BAD, BAD, refused)
    assert await unhealthy(ask, 200) == "no connection (Connection refused)"
    assert calls[0] == module.TRIES


@pytest.mark.parametrize("ended", Ended)
def test_every_end_has_words(ended: Ended) -> None:
    """A person can read what happened."""
    assert len(described(WireExchange(ended, 1500.0, status=503))) > 8


async def test_a_gate_opens_when_all_have_come_or_left() -> None:
    """Those who wait go on together; one that gives up does not hold up the others."""
    gate = Gate(3)
    waiting = [asyncio.create_task(gate.arrive()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    gate.leave()
    await asyncio.gather(*waiting)


async def test_a_gate_does_not_wait_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that never comes is given up."""
    monkeypatch.setattr("flakestorm.agents.wire.gate.LONGEST_S", 0.01)
    await asyncio.wait_for(Gate(2).arrive(), 10)


async def test_cancelling_at_the_moment_of_the_event_cancels() -> None:
    """The event that is awaited does not swallow a cancellation that comes with it."""
    gate, over = Gate(2), asyncio.Event()
    ask, _ = asking(GOOD)
    waiting = [asyncio.create_task(gate.arrive()), asyncio.create_task(beats(ask, GOOD, over))]
    for _ in range(5):
        await asyncio.sleep(0)
    gate.leave()
    over.set()
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    assert [task.cancelled() for task in waiting] == [True, True]
