"""One connection of an attack: sends its script, reads what comes back, and says how it ended."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from time import perf_counter

from yarl import URL

from flakestorm.agents.wire.answer import AnswerParser
from flakestorm.agents.wire.channel import Channel, open_channel
from flakestorm.agents.wire.gate import Gate
from flakestorm.agents.wire.script import Script
from flakestorm.model.attack import Due, Then
from flakestorm.model.wire import Ended, WireExchange

LEAVES = frozenset({Then.CLOSE, Then.RESET, Then.IGNORE})
"""What a client does that does not read the answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where to connect, and the seconds that sending, and then the answer, may take."""

    url: URL
    verify_tls: bool
    timeout_s: float


@dataclass
class _Progress:
    sent: int = 0
    all_sent: bool = False
    reset: bool = False


class WireClient:
    """One client on one connection. ``gate`` is where it waits with its last byte for the others."""

    def __init__(self, line: Line, script: Script, gate: Gate | None = None) -> None:
        self._line = line
        self._script = script
        self._timing = script.attack.timing
        self._gate = gate
        self._progress = _Progress()
        self._parser = AnswerParser(script.head_only)

    async def run(self) -> WireExchange:
        """The exchange; never raises for anything that the server does."""
        started = perf_counter()
        try:
            channel = await self._connected()
        except (OSError, UnicodeError, asyncio.TimeoutError) as error:
            elapsed = (perf_counter() - started) * 1000
            reason = _reason(error, self._line.timeout_s)
            return WireExchange(Ended.REFUSED, elapsed, all_sent=False, body=reason)
        try:
            ended = await self._talk(channel)
        finally:
            channel.close(reset=self._timing.then is Then.RESET)
        parser, progress = self._parser, self._progress
        return WireExchange(
            ended,
            (perf_counter() - started) * 1000,
            progress.sent,
            progress.all_sent,
            parser.status,
            parser.headers,
            parser.body,
        )

    async def _connected(self) -> Channel:
        """Raises ``OSError``, ``UnicodeError`` or ``asyncio.TimeoutError``."""
        # Not wait_for: before Python 3.12 it can swallow a cancellation.
        connecting = asyncio.create_task(open_channel(self._line.url, self._line.verify_tls))
        try:
            await asyncio.wait({connecting}, timeout=self._line.timeout_s)
            if connecting.done():
                return connecting.result()
            raise asyncio.TimeoutError
        except (asyncio.CancelledError, asyncio.TimeoutError):
            connecting.add_done_callback(_hang_up)
            connecting.cancel()
            raise

    async def _talk(self, channel: Channel) -> Ended:
        reads = self._timing.then not in LEAVES
        sending = asyncio.create_task(self._send(channel))
        reading = asyncio.create_task(self._read(channel)) if reads else None
        try:
            if reading is None:
                return await self._send_and_leave(sending)
            # A server may answer, or hang up, before it has everything; then the rest is not sent.
            await asyncio.wait(
                {sending, reading}, timeout=self._line.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not sending.done() and not reading.done():
                return Ended.TIMEOUT
            await asyncio.wait({reading}, timeout=self._patience_s())
            if self._timing.then is Then.KEEP and self._parser.complete:
                await asyncio.sleep(self._hold_s)
            return self._ended(reading.done())
        finally:
            tasks = [task for task in (sending, reading) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_and_leave(self, sending: asyncio.Task[None]) -> Ended:
        # A server that stops taking bytes because nobody reads its answers does the right thing.
        await asyncio.wait({sending}, timeout=self._hold_s or self._line.timeout_s)
        if sending.done():
            await asyncio.sleep(self._hold_s)
        return Ended.LEFT

    async def _send(self, channel: Channel) -> None:
        progress = self._progress
        held = b""
        try:
            for step in self._script.steps():
                if isinstance(step, float):
                    await asyncio.sleep(step)
                    continue
                ready = step
                if self._gate is not None:
                    ready, held = held + step[:-1], step[-1:]
                await channel.send(ready)
                progress.sent += len(ready)
            if self._gate is not None:
                await self._gate.arrive()
                await channel.send(held)
                progress.sent += len(held)
            progress.all_sent = True
            if self._timing.then is Then.HALF_CLOSE:
                await channel.half_close()
        except OSError:
            pass  # the reader sees how the connection ended, and what the server said before
        finally:
            if self._gate is not None:
                self._gate.leave()

    async def _read(self, channel: Channel) -> None:
        parser = self._parser
        try:
            while not parser.done:
                data = await channel.receive()
                if data:
                    parser.feed(data)
                else:
                    parser.end()
        except OSError:
            self._progress.reset = True
            parser.end()

    @property
    def _hold_s(self) -> float:
        return self._timing.hold_s * self._script.pace

    def _patience_s(self) -> float:
        """How long an answer is awaited: with a request that needs none, as long as the client stays."""
        return self._hold_s if self._script.attack.due is Due.NOTHING else self._line.timeout_s

    def _ended(self, over: bool) -> Ended:
        parser = self._parser
        if parser.not_http:
            return Ended.NOT_HTTP
        if parser.complete:
            return Ended.ANSWERED
        if not over:
            return Ended.LEFT if self._script.attack.due is Due.NOTHING else Ended.TIMEOUT
        if parser.started:
            return Ended.CUT
        return Ended.RESET if self._progress.reset else Ended.CLOSED


def _hang_up(connecting: asyncio.Task[Channel]) -> None:
    """Close a connection that came when nobody wanted it any more."""
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


def _reason(error: Exception, timeout_s: float) -> str:
    """Why there is no connection, for people."""
    if isinstance(error, asyncio.TimeoutError):
        return f"none within {timeout_s:g} s"
    if isinstance(error, ConnectionError) and error.errno:
        # What asyncio says of it is about its own function.
        return os.strerror(error.errno)
    return str(error)
