"""The other clients: ordinary requests for the golden prompt, one after the other, while an attack runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from flakestorm.agents.wire.patience import is_set
from flakestorm.model.wire import Ended, Heartbeat, WireExchange

FIRST_GAP_S = 0.1
GAP_GROWTH = 1.2
"""Gaps grow, so that a long attack does not cost hundreds of requests to an agent that pays for each."""

MOST_BEATS = 30
TRIES = 3
PAUSE_S = 0.2

Ask = Callable[[], Awaitable[WireExchange]]
"""Sends the ordinary request on a new connection."""


def is_served(exchange: WireExchange, usual: int) -> bool:
    """Whether a client got what it ``usual``ly gets; being told to slow down is an answer as well."""
    return exchange.ended is Ended.ANSWERED and exchange.status in (usual, HTTPStatus.TOO_MANY_REQUESTS)


def described(exchange: WireExchange) -> str:
    """What became of an ordinary request, in a few words."""
    words = {
        Ended.ANSWERED: f"status {exchange.status}",
        Ended.CLOSED: "the connection was closed without an answer",
        Ended.RESET: "the connection was broken off without an answer",
        Ended.CUT: "the answer broke off in the middle",
        Ended.NOT_HTTP: "the answer is not HTTP",
        Ended.REFUSED: f"no connection ({exchange.body})",
        Ended.LEFT: "nobody waited for the answer",
    }
    return words.get(exchange.ended, f"no answer within {exchange.elapsed_ms / 1000:.1f} s")


async def beats(ask: Ask, usual: WireExchange, over: asyncio.Event) -> Heartbeat:
    """Ask again and again until ``over`` is set, at least once. ``usual`` is the undisturbed exchange.

    A request that fails is tried again at once: an agent that fails now and then would else be blamed.
    """
    served, failed, worst, problem, gap = 0, 0, 0.0, "", FIRST_GAP_S
    for _ in range(MOST_BEATS):
        exchange = await ask()
        if not is_served(exchange, usual.status or 0):
            problem = problem or described(exchange)
            exchange = await ask()
        if is_served(exchange, usual.status or 0):
            served += 1
            worst = max(worst, exchange.elapsed_ms)
        else:
            failed += 1
        if await is_set(over, gap):
            break
        gap *= GAP_GROWTH
    return Heartbeat(usual.elapsed_ms, served, failed, worst, problem)


async def unhealthy(ask: Ask, usual: int) -> str:
    """Why the agent does not answer any more after ``TRIES``, or an empty string when it does."""
    problem = ""
    for number in range(TRIES):
        if number:
            await asyncio.sleep(PAUSE_S)
        exchange = await ask()
        if is_served(exchange, usual):
            return ""
        problem = described(exchange)
    return problem
