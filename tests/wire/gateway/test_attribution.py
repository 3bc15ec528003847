"""Whose call it is: by a header, by baggage, by the lane; and calls that are nobody's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flakestorm.chaos.traffic import Traffic


async def ok(exchanged: Any) -> None:
    """An upstream that is content."""
    await exchanged.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def test_lanes(setting: Any, post: Any) -> None:
    """Each lane is a port with one trial at a time."""
    made = await setting(ok, lanes=3)
    second = Traffic("trial-2")
    made.gateway.enter(second, 1)
    for lane, times in ((0, 1), (1, 2), (2, 3)):
        for _ in range(times):
            caller = await made.connect(lane)
            await caller.send(post())
            assert (await caller.rest()).endswith(b"ok")
            caller.writer.close()
    assert (made.traffic.seen, second.seen, made.gateway.strays) == (1, 2, 3)
    with pytest.raises(ValueError, match="lane 1 has the trial trial-2"):
        made.gateway.enter(Traffic("trial-3"), 1)
    made.gateway.leave(second)
    made.gateway.enter(Traffic("trial-3"), 1)


async def test_named_trials(setting: Any, post: Any) -> None:
    """A named trial gets its calls on any lane; one that is over gets none, and nobody else does."""
    made = await setting(ok, lanes=2)
    second, third = Traffic("trial-2"), Traffic("trial-3")
    made.gateway.enter(second, None)
    made.gateway.enter(third, 1)
    await made.ask(post(extra=b"X-Flakestorm-Trial: trial-2\r\n"))
    await made.ask(post(extra=b"baggage: a=b;c=d, flakestorm-trial = trial-3;x=y,e=f\r\n"))
    assert (made.traffic.seen, second.seen, third.seen) == (0, 1, 1)
    assert made.gateway.forwarded == {"trial-2", "trial-3"}
    made.gateway.leave(second)
    await made.ask(post(extra=b"x-flakestorm-trial: trial-2\r\n"))
    assert (made.traffic.seen, second.seen, made.gateway.strays) == (0, 1, 1)
    await made.ask(post(extra=b"baggage: a=b\r\n"))
    assert made.traffic.seen == 1


async def test_fifty_trials_at_once(setting: Any, post: Any) -> None:
    """Each of fifty trials gets its own calls, in whatever order they come."""
    made = await setting(ok)
    trials = [Traffic(f"t{number}") for number in range(50)]
    for trial in trials:
        made.gateway.enter(trial, None)

    async def call(trial: Traffic, number: int) -> None:
        await made.ask(post(body=b"%d" % number, extra=f"x-flakestorm-trial: {trial.trial_id}\r\n".encode()))

    await asyncio.gather(*(call(trial, n) for n in range(4) for trial in reversed(trials)))
    assert [trial.seen for trial in trials] == [4] * 50
    assert made.gateway.strays == 0
