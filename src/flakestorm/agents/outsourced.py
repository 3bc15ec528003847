"""An HTTP agent whose requests are sent by processes of their own.

Sending takes about as much time as everything else that a trial costs, and one Python process uses one core.
Besides, a process that only sends takes truer latencies: nothing else holds up its event loop.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from flakestorm.agents.config import HTTP_KINDS, AgentConfig
from flakestorm.agents.packed_outcome import unpacked
from flakestorm.agents.port import Request
from flakestorm.frames import Frames, Outbox, frame, worker
from flakestorm.model.attack import Attack
from flakestorm.model.errors import WorkError
from flakestorm.model.outcome import Outcome

if TYPE_CHECKING:
    from flakestorm.agents.http import HttpAgent

WORTH_IT = 5000
"""Trials from which a process of its own for sending is worth its start."""
STOP_GRACE_S = 2.0
SHOWN_BYTES = 2000


class Sender(asyncio.SubprocessProtocol):
    """One process that sends, once it has ``started``."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._numbers = count()
        self._pending: dict[int, asyncio.Future[Outcome]] = {}
        self._errors = b""
        self._process: Any = None
        self._input: Any = None

    @property
    def ready(self) -> bool:
        """Whether it takes requests."""
        return self.started.is_set() and not self.gone.is_set()

    @property
    def load(self) -> int:
        """Requests under way."""
        return len(self._pending)

    async def start(self, config: AgentConfig, most: int) -> None:
        """Start the process, which sends ``most`` requests at once; it gets ready by itself."""
        self._process, _ = await self._loop.subprocess_exec(
            lambda: self, *worker("flakestorm.agents.sender_process"), close_fds=True
        )
        self._input = self._process.get_pipe_transport(0)
        self._input.write(frame((config, most)))
        self._outbox = Outbox(self._input.write)

    async def send(self, request: Request) -> Outcome:
        """The outcome of ``request``. Raises ``WorkError`` when the process is gone."""
        number = next(self._numbers)
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._pending[number] = future
        self._outbox.put((number, request.turns, request.trial_id))
        try:
            return await future
        except asyncio.CancelledError:
            if self._pending.pop(number, None) is not None:
                self._outbox.put((number,))
            raise

    async def aclose(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._input.close()
        try:
            await asyncio.wait({asyncio.ensure_future(self.gone.wait())}, timeout=STOP_GRACE_S)
        finally:
            if not self.gone.is_set():
                self._process.kill()
                await self.gone.wait()
            self._process.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Outcomes arrive on 1, complaints on 2."""
        if fd == 2:
            self._errors = (self._errors + data)[-SHOWN_BYTES:]
            return
        for messages in self._frames.feed(data):
            self.started.set()
            for message in messages:
                future = self._pending.pop(message[0], None)
                if future is not None and not future.done():
                    future.set_result(unpacked(message))

    def process_exited(self) -> None:
        """What was under way will never be answered."""
        self.gone.set()
        for future in self._pending.values():
            if not future.done():
                future.set_exception(self._lost())
        self._pending.clear()

    def _lost(self) -> WorkError:
        said = self._errors.decode("utf-8", "replace").strip() or "it said nothing"
        code = self._process.get_returncode()
        return WorkError(
            f"a process that sends requests for this run ended (exit code {code}): {said}\n"
            "What was finished is kept: `flakestorm run --resume`, with advanced.senders: 0 to do without."
        )


class OutsourcedAgent:
    """``agent``, with its prompts sent by ``senders``; by itself until the first of them is ready.

    They send ``most`` at once all in all.
    """

    def __init__(self, agent: HttpAgent, senders: list[Sender], most: int) -> None:
        self._agent = agent
        self._senders = senders
        # A quarter more is for the time that a run needs for an outcome. Of several senders none knows what
        # the others have under way.
        self.most_ahead = most // 4 if len(senders) == 1 else 0
        self._here = 0

    def prefetch(self) -> int:
        """How many requests may be under way beyond those that the agent gets at once: ``most_ahead``.

        None before all of them leave through the one sender, which then has the next one at hand whenever
        the agent has answered.
        """
        return self.most_ahead if not self._here and self._senders[0].ready else 0

    async def preflight(self) -> None:
        """See ``agents.port``."""
        await self._agent.preflight()

    async def send(self, request: Request) -> Outcome:
        """The outcome of one invocation; see ``agents.port``."""
        ready = [sender for sender in self._senders if sender.ready]
        if not ready:
            self._here += 1
            try:
                return await self._agent.send(request)
            finally:
                self._here -= 1
        sender = ready[0] if len(ready) == 1 else min(ready, key=_load)
        return await sender.send(request)

    async def attack(self, attack: Attack, request: Request) -> Outcome:
        """The outcome of an attack on the protocol; see ``agents.port``."""
        return await self._agent.attack(attack, request)

    async def reset(self) -> None:
        """See ``agents.port``."""
        await self._agent.reset()

    async def aclose(self) -> None:
        """The agent is closed by whoever opened it."""


def _load(sender: Sender) -> int:
    return sender.load


def senders_for(trials: int, wanted: int | None) -> int:
    """How many processes should send ``trials`` trials; ``wanted`` is what the user said, None for auto.

    A process takes half a second to get ready, which only a long run gives back.
    """
    if wanted is not None:
        return wanted
    worth_it = trials >= WORTH_IT and (os.cpu_count() or 1) > 1 and sys.platform != "win32"
    return 1 if worth_it else 0


@asynccontextmanager
async def outsourced(agent: Any, config: AgentConfig, processes: int, most: int) -> AsyncIterator[Any]:
    """``agent`` with its requests sent by so many processes, where it is one that runs elsewhere already.

    It gets ``most`` at once.
    """
    if not processes or config.type not in HTTP_KINDS or config.serve is not None:
        yield agent
        return
    senders = [Sender() for _ in range(processes)]
    # The reset stays here, and so does the user's code that may do it.
    alone = config.model_copy(update={"reset_function": None, "reset_endpoint": None})
    try:
        for sender in senders:
            await sender.start(alone, most)
        yield OutsourcedAgent(agent, senders, most)
    finally:
        await asyncio.gather(*(sender.aclose() for sender in senders))
