"""Programs that flakestorm starts: each in a process group of its own, stopped with all its children."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flakestorm.agents import orphan_guard

OnOutput = Callable[[int, bytes], None]
"""Told of each piece of output: 1 (standard output) or 2 (standard error), and the bytes."""

STDIN, STDOUT, STDERR = 0, 1, 2


class Process(asyncio.SubprocessProtocol):
    """A started program and all processes of its group.

    ``exited`` gets the exit code as soon as the program itself has ended; ``drained`` is done when all of
    its output was seen, which children that hold the pipes open can delay for as long as they like.
    (``asyncio.subprocess.Process.wait`` waits for both, so a daemonised child would hang it.)
    """

    def __init__(self, on_output: OnOutput) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self._on_output = on_output
        self._open = {STDOUT, STDERR}
        self._stopped = False
        self.forget: Callable[[int], None] = lambda _: None
        self._transport: asyncio.SubprocessTransport

    @property
    def pid(self) -> int:
        """The id of the program, which is also that of its group."""
        return self._transport.get_pid()

    def feed(self, data: bytes) -> None:
        """Write ``data`` to standard input and close it; a program that does not read it is fine."""
        pipe: Any = self._transport.get_pipe_transport(STDIN)
        if pipe is None or pipe.is_closing():
            # It has ended already; uvloop raises on writing to it, asyncio does not.
            return
        pipe.write(data)
        pipe.close()

    async def stop(self, grace_s: float) -> None:
        """Ask the group to end, and kill what is left of it after ``grace_s`` seconds."""
        if self._stopped:
            # By now its id may belong to somebody else.
            return
        try:
            if not self.exited.done():
                self._signal_group(signal.SIGTERM)
                await asyncio.wait({self.exited}, timeout=grace_s)
        finally:
            # Also when this is cancelled, and also when the program has ended: its children may not have.
            self.kill()
        self._stopped = True
        # A killed process ends at once, except in the middle of a hung system call.
        await asyncio.wait({self.exited}, timeout=1)
        self._transport.close()

    def kill(self) -> None:
        """Kill the whole group now."""
        self._signal_group(KILL)
        self.forget(self.pid)

    def _signal_group(self, number: int) -> None:
        if sys.platform == "win32":  # pragma: no cover - Windows has no process groups that take signals
            command = ["taskkill", "/T", "/F", "/PID", str(self.pid)]
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - a fixed system command
            return
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            # Everything in it has ended already (macOS says "not permitted" for that).
            pass

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.SubprocessProtocol``."""
        self._transport = transport  # type: ignore[assignment]  # subprocess protocols get this transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """See ``asyncio.SubprocessProtocol``."""
        self._on_output(fd, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See ``asyncio.SubprocessProtocol``; a broken standard input is the program's own choice."""
        self._open.discard(fd)
        self._note_drained()

    def process_exited(self) -> None:
        """See ``asyncio.SubprocessProtocol``."""
        code = self._transport.get_returncode()
        self.exited.set_result(-1 if code is None else code)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See ``asyncio.SubprocessProtocol``."""
        self._open.clear()
        self._note_drained()

    def _note_drained(self) -> None:
        if not self._open and not self.drained.done():
            self.drained.set_result(None)


KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL


class Processes:
    """Starts programs, and sees to it that none of them outlives flakestorm.

    On Windows a program that was started this way is left over when flakestorm is killed forcibly.
    """

    def __init__(self) -> None:
        self._guard: subprocess.Popen[bytes] | None = None

    async def start(
        self,
        words: Sequence[str],
        on_output: OnOutput,
        *,
        env: Mapping[str, str],
        cwd: str | None = None,
        stdin: bool = False,
        merge_stderr: bool = False,
    ) -> Process:
        """Start program ``words[0]`` with the other words as its arguments; no shell is involved.

        ``env`` is added to flakestorm's own environment. Without ``stdin`` the program reads an empty one;
        with ``merge_stderr`` both outputs come as number 1. Raises ``OSError`` when it cannot be started.
        """
        group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":  # pragma: no cover - Windows
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: Process(on_output),
            *words,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge_stderr else subprocess.PIPE,
            env={**os.environ, **env},
            cwd=cwd,
            **group,
        )
        if merge_stderr:
            process.pipe_connection_lost(STDERR, None)
        self._tell_guard(f"+{process.pid}\n")
        process.forget = lambda pid: self._tell_guard(f"-{pid}\n")
        return process

    def close(self) -> None:
        """End the guard. Every process must have been stopped before."""
        if self._guard is None:
            return
        guard, self._guard = self._guard, None
        guard.kill()
        guard.communicate()

    def _tell_guard(self, line: str) -> None:
        if sys.platform == "win32":  # pragma: no cover - Windows has no process groups to kill
            return
        if self._guard is None:
            self._guard = _start_guard()
        try:
            os.write(self._guard.stdin.fileno(), line.encode())  # type: ignore[union-attr]  # made with a pipe
        except BrokenPipeError:
            # Somebody killed the guard. What it guards against is rare; the run goes on without it.
            pass


def _start_guard() -> subprocess.Popen[bytes]:
    path = Path(orphan_guard.__file__)
    return subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-I", "-S", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C must not end it before flakestorm.
        start_new_session=True,
    )


def described(code: int) -> str:
    """How a process ended, for a sentence: ``ended with code 3``, ``was killed by SIGSEGV``."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
