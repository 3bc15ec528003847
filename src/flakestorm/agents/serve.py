"""Starts the agent's own server, watches it, starts it again when it dies, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from urllib.parse import urlsplit

from flakestorm.agents.config import ServeConfig
from flakestorm.agents.process import Process, Processes, described
from flakestorm.agents.program import check_program
from flakestorm.agents.readiness import await_ready, port_accepts, url_answers
from flakestorm.agents.recent_lines import RecentLines
from flakestorm.model.errors import AgentUnreachable
from flakestorm.model.finding import Finding
from flakestorm.model.verdict import Severity

PORT = "{port}"
PORT_ATTEMPTS = 4
ADDRESS_IN_USE = re.compile(
    r"address (is )?(already )?in use|EADDRINUSE|only one usage of each socket", re.IGNORECASE
)
DRAIN_S = 1.0
STOP_GRACE_S = 3.0
NOTICE_S = 0.3
"""How long after a broken connection the end of the process is awaited."""
SHOWN_LINES = 20


@dataclass(frozen=True, slots=True)
class Death:
    """How a process ended by itself, and the last lines that it wrote."""

    how: str
    tail: str


class Life:
    """One process of a server, from its start to its end. ``death`` is set when it ended by itself."""

    def __init__(self, process: Process, lines: RecentLines) -> None:
        self.process = process
        self.lines = lines
        self.death: asyncio.Future[Death] = asyncio.get_running_loop().create_future()

    async def seen_dying(self) -> Death | None:
        """The death that explains a connection that just broke, or None when the process lives."""
        await asyncio.wait({self.process.exited}, timeout=NOTICE_S)
        if not self.process.exited.done():
            return None
        await asyncio.wait({self.death}, timeout=DRAIN_S + NOTICE_S)
        return self.death.result() if self.death.done() else None


class Server:
    """One replica of the served agent; an async context manager that starts and stops it.

    ``endpoint`` names the port where the command has no ``{port}``. ``on_finding`` is told of each crash.
    Starting raises ``AgentUnreachable`` when the process ends or is not ready in time.
    """

    def __init__(
        self,
        config: ServeConfig,
        endpoint: str,
        processes: Processes,
        on_finding: Callable[[Finding], None],
        find_port: Callable[[], int] | None = None,
    ) -> None:
        self.port = 0
        self._config = config
        self._endpoint = endpoint
        self._processes = processes
        self._on_finding = on_finding
        self._find_port = find_port or free_port
        self._restarts_left = config.restarts
        self._in_flight: list[str] = []
        self._life: Life | None = None
        self._settled = asyncio.Event()
        self._gone = ""
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Server:
        check_program(self._config.command[0], self._config.folder, self._config.env, "agent.serve")
        if picks_port(self._config):
            await self._start_at_free_port()
        else:
            await self._start_at_fixed_port()
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def renew(self) -> None:
        """Replace the process by a fresh one at the same port: no crash, and none of the restarts.

        Raises ``AgentUnreachable`` when the fresh one does not become ready.
        """
        await self._stop()
        self._gone = ""
        await self._launch()
        self._watcher = asyncio.create_task(self._watch())

    async def _stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        if self._life is not None:
            await self._life.process.stop(STOP_GRACE_S)

    def filled(self, text: str) -> str:
        """``text`` with ``{port}`` replaced."""
        return text.replace(PORT, str(self.port))

    @contextmanager
    def handling(self, trial_id: str) -> Iterator[None]:
        """Counts the trial among those that a crash could be due to."""
        self._in_flight.append(trial_id)
        try:
            yield
        finally:
            self._in_flight.remove(trial_id)

    async def life(self) -> Life | str:
        """The process that is ready now, after waiting for a restart; or why there will be none any more."""
        await self._settled.wait()
        if self._gone or self._life is None:
            return self._gone or "the served agent was not started"
        return self._life

    async def _start_at_free_port(self) -> None:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port = self._find_port()
            try:
                await self._launch()
                return
            except AgentUnreachable as error:
                # Between finding the port and using it, somebody else took it.
                if attempt == PORT_ATTEMPTS or not ADDRESS_IN_USE.search(str(error)):
                    raise

    async def _start_at_fixed_port(self) -> None:
        parts = urlsplit(self._config.ready or self._endpoint)
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        if not await port_accepts(self.port):
            raise AgentUnreachable(
                f"agent.serve: something else already listens at port {self.port}, so it would be tested in "
                "place of your agent. Stop it, or write {port} in agent.serve.command and in agent.endpoint "
                "to get a free port."
            )
        await self._launch()

    async def _launch(self) -> None:
        """Start the process and wait until it is ready."""
        self._settled.clear()
        lines = RecentLines()
        words = [self.filled(word) for word in self._config.command]
        env = {name: self.filled(value) for name, value in self._config.env.items()}
        try:
            process = await self._processes.start(
                words,
                lines.add,
                # Else Python keeps its last lines to itself when it crashes.
                env={"PYTHONUNBUFFERED": "1", **env},
                cwd=self._config.folder,
                merge_stderr=True,
            )
        except (OSError, ValueError) as error:
            raise AgentUnreachable(f"agent.serve: '{words[0]}' could not be started: {error}") from error
        self._life = Life(process, lines)
        try:
            await self._become_ready(process, lines)
        except BaseException:
            await process.stop(STOP_GRACE_S)
            raise
        self._settled.set()

    async def _become_ready(self, process: Process, lines: RecentLines) -> None:
        ready = self._config.ready
        probe = (
            partial(port_accepts, self.port) if ready is None else partial(url_answers, self.filled(ready))
        )
        timeout_s = self._config.ready_timeout_s
        seen = await await_ready(probe, process.exited, timeout_s)
        if process.exited.done():
            process.kill()
            await asyncio.wait({process.drained}, timeout=DRAIN_S)
            problem = f"{described(process.exited.result())} before it was ready"
        elif seen:
            problem = (
                f"was not ready within {timeout_s:g} s (agent.serve.ready_timeout_s): {seen}. "
                "Does it listen at {port}?"
            )
        else:
            return
        raise AgentUnreachable(
            f"agent.serve: '{' '.join(self._config.command)}' {problem}\n{lines.text(SHOWN_LINES)}".rstrip()
        )

    async def _watch(self) -> None:
        try:
            while self._life is not None and not self._gone:
                await self._outlive(self._life)
        finally:
            # Trials that wait for a restart must hear that there will be none.
            self._settled.set()

    async def _outlive(self, life: Life) -> None:
        """Wait until the process of ``life`` ends by itself, tell it, and start another."""
        await asyncio.wait({life.process.exited})
        self._settled.clear()
        # Its children would hold on to the port, and to the pipe that its last lines come from.
        life.process.kill()
        await asyncio.wait({life.process.drained}, timeout=DRAIN_S)
        death = Death(described(life.process.exited.result()), life.lines.text(SHOWN_LINES))
        self._tell(death)
        life.death.set_result(death)
        await life.process.stop(0)
        await self._restart(death)

    async def _restart(self, death: Death) -> None:
        reason = f"the agent's process {death.how}"
        while self._restarts_left > 0:
            self._restarts_left -= 1
            try:
                await self._launch()
                return
            except AgentUnreachable as error:
                reason = str(error)
        self._gone = (
            f"the served agent is not running any more ({self._config.restarts} restarts used): {reason}"
        )

    def _tell(self, death: Death) -> None:
        trials = tuple(dict.fromkeys(trial for trial in self._in_flight if trial))
        doing = f"while it handled {_count(len(trials))}" if trials else "while nothing was sent to it"
        title = f"The agent's process {death.how} {doing}"
        if not self._restarts_left:
            title += " and was not started again"
        self._on_finding(Finding("agent_crashed", Severity.HIGH, title, death.tail, trials))


def _count(trials: int) -> str:
    return "one trial" if trials == 1 else f"{trials} trials"


def picks_port(config: ServeConfig) -> bool:
    """True when the command or its environment takes the port that flakestorm picked."""
    return any(PORT in text for text in (*config.command, *config.env.values()))


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
