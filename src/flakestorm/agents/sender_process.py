"""A process that sends requests for a run and does nothing else; started as ``python -m``.

Standard input brings the agent's configuration and then requests, standard output takes the outcomes.
It ends when its input does, so that it never outlives the run.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import OrderedDict
from typing import BinaryIO

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.open import open_agent
from flakestorm.agents.packed_outcome import packed
from flakestorm.agents.port import Agent, Request
from flakestorm.frames import Frames, Outbox, frame, read_frame
from flakestorm.loop import run_async
from flakestorm.model.retry_after import wait_s


class Requests(asyncio.Protocol):
    """Requests in, outcomes out; the agent gets ``most`` of them at once, the others wait for their turn.

    A worker goes on with what waits, and ends when nothing does: a task for each request would be a twentieth
    of the time that it takes here.
    """

    def __init__(self, agent: Agent, output: asyncio.WriteTransport, most: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._agent = agent
        self._outbox = Outbox(output.write)
        self._frames = Frames()
        self._most = most
        self._waiting: OrderedDict[int, Request] = OrderedDict()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._quiet_until = 0.0

    def data_received(self, data: bytes) -> None:
        """Start what was asked for, and give up what is no longer wanted."""
        for messages in self._frames.feed(data):
            for number, *wanted in messages:
                if wanted:
                    self._waiting[number] = Request(*wanted)
                elif number in self._running:
                    self._running[number].cancel()
                else:
                    self._waiting.pop(number, None)
        self._start_workers()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Nobody asks any more."""
        self._waiting.clear()
        for worker in self._workers:
            worker.cancel()
        if not self.ended.done():
            self.ended.set_result(None)

    def _start_workers(self) -> None:
        for _ in range(min(len(self._waiting), self._most - len(self._workers))):
            worker = self._loop.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._worker_ended)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        """A request that was given up took its worker with it; a fault of ours ends the process."""
        self._workers.discard(worker)
        if worker.cancelled():
            self._start_workers()
        elif (fault := worker.exception()) is not None and not self.ended.done():
            self.ended.set_exception(fault)

    async def _work(self) -> None:
        worker = asyncio.current_task()
        assert worker is not None  # noqa: S101 - for the type checker
        while self._waiting:
            number, request = self._waiting.popitem(last=False)
            self._running[number] = worker
            try:
                await self._left_alone()
                outcome = await self._agent.send(request)
            finally:
                del self._running[number]
            if outcome.asks_for_less:
                # The run hears of it, too, and lets nothing through; this is for what it had let through.
                until = self._loop.time() + wait_s(outcome.retry_after_s)
                self._quiet_until = max(self._quiet_until, until)
            self._outbox.put(packed(number, outcome))

    async def _left_alone(self) -> None:
        """Wait as long as the agent asked for it, by whichever answer."""
        while True:
            left = self._quiet_until - self._loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)


async def serve(config: AgentConfig, most: int, source: BinaryIO, target: BinaryIO) -> None:
    """Answer requests until ``source`` ends, ``most`` at once."""
    loop = asyncio.get_running_loop()
    output, _ = await loop.connect_write_pipe(asyncio.Protocol, target)
    async with open_agent(config, lambda _: None) as agent:
        _, requests = await loop.connect_read_pipe(lambda: Requests(agent, output, most), source)
        output.write(frame([]))
        await requests.ended


def main() -> None:
    """Serve on standard input and output."""
    # Ctrl-C reaches the whole group; this process ends when flakestorm lets go of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = os.fdopen(0, "rb", buffering=0)
    target = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever else writes to standard output must not get between the frames.
    os.dup2(2, 1)
    config, most = read_frame(source)
    run_async(serve(config, most, source, target))


if __name__ == "__main__":
    main()
