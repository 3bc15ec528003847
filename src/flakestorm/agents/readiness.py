"""Is a server ready? Asked again and again while it starts: by its URL, or by whether its port accepts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from time import monotonic

from flakestorm.agents.tracebacks import headline

Probe = Callable[[], Awaitable[str]]
"""Asks once: an empty string means ready, anything else says what was seen instead."""

PROBE_S = 2.0
FIRST_DELAY_S = 0.02
LONGEST_DELAY_S = 0.5
LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


async def port_accepts(port: int) -> str:
    """Ready when something accepts connections at ``port`` of this machine."""
    for family, host in LOOPBACK:
        # Not wait_for: before Python 3.12 it can swallow a cancellation.
        attempt = asyncio.create_task(_connects(family, host, port))
        try:
            await asyncio.wait({attempt}, timeout=PROBE_S)
        finally:
            attempt.cancel()
        if attempt.done() and attempt.result():
            return ""
    return f"nothing accepts connections at port {port}"


async def _connects(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, (host, port))
    except OSError:
        return False
    return True


async def url_answers(url: str) -> str:
    """Ready when GET ``url`` is answered below 500: a 404 comes from a server that works."""
    import aiohttp

    try:
        timeout = aiohttp.ClientTimeout(total=PROBE_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            return f"GET {url} answered {response.status}" if response.status >= 500 else ""
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
        return f"GET {url} failed: {headline(error)}"


async def await_ready(probe: Probe, ended: asyncio.Future[int], timeout_s: float) -> str:
    """Ask until it is ready, the process has ``ended`` or the time is over; returns what was seen last."""
    deadline = monotonic() + timeout_s
    delay = FIRST_DELAY_S
    while True:
        seen = await probe()
        left = deadline - monotonic()
        if not seen or ended.done() or left <= 0:
            return seen
        await asyncio.wait({ended}, timeout=min(delay, left))
        delay = min(delay * 1.5, LONGEST_DELAY_S)
