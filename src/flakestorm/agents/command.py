"""Agents that are programs: one process for each trial, the prompt in, the reply on standard output."""

from __future__ import annotations

import asyncio
import errno
import json
from time import perf_counter
from typing import Any

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.conversation import transcript
from flakestorm.agents.port import Request
from flakestorm.agents.process import STDOUT, Process, Processes, described
from flakestorm.agents.program import check_program
from flakestorm.agents.registry import agent_kind
from flakestorm.agents.reply_path import NoReply, reply_from_value
from flakestorm.agents.reset import Reset
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError

TAIL = 2000
GRACE_S = 0.5
"""How long a program may take to end after SIGTERM."""
LINGER_S = 0.5
"""How long output is awaited after the end of the program, while its children keep the pipe open."""
PROMPT = "{prompt}"


class Output:
    """What a program has written so far: all of its standard output, the end of its standard error."""

    def __init__(self, limit: int) -> None:
        self.out = bytearray()
        self.err = bytearray()
        self.first_byte: float | None = None
        self.overflow: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._limit = limit

    def add(self, fd: int, data: bytes) -> None:
        """Take a piece of output; past the limit nothing is kept."""
        if fd != STDOUT:
            self.err += data
            del self.err[: -4 * TAIL]
            return
        if self.first_byte is None:
            self.first_byte = perf_counter()
        if len(self.out) + len(data) > self._limit:
            if not self.overflow.done():
                self.overflow.set_result(None)
            return
        self.out += data

    def tail(self) -> str:
        """The last lines of standard error, or of standard output where that is empty."""
        return bytes(self.err or self.out).decode("utf-8", "replace").strip()[-TAIL:]


class CommandAgent:
    """A program that is started once for each trial, without a shell.

    The prompt goes to standard input, byte for byte, or in place of ``{prompt}`` in the arguments (as the
    last argument where there is none); the environment variable ``FLAKESTORM_TRIAL`` holds the trial's id.
    The reply is standard output (UTF-8) without its last line end; an exit code other than 0 is an error.
    """

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._words = config.command_line
        self._by_argument = config.prompt_via == "argument"
        if self._by_argument and not any(PROMPT in word for word in self._words):
            self._words = (*self._words, PROMPT)
        self._timeout_s = config.timeout / 1000
        self._processes = Processes()
        self._reset = Reset(config)

    async def preflight(self) -> None:
        """Raise ``AgentUnreachable`` when there is no such program, or no such directory."""
        check_program(self._words[0], self._config.folder, self._config.env, "agent")

    async def send(self, request: Request) -> Outcome:
        """Run the program once; see the port."""
        text = transcript(request.turns)
        problem = self._unsendable(text)
        if problem:
            return Outcome(0.0, error=OutcomeError(ErrorKind.UNSENDABLE, problem))
        started = perf_counter()
        output = Output(self._config.max_reply_bytes)
        try:
            process = await self._start(text, output, request.trial_id)
        except (OSError, ValueError) as error:
            return Outcome(_since(started), error=self._not_started(error))
        try:
            await self._ended(process, output)
            latency_ms = _since(started)
            code = await _code(process)
        finally:
            await process.stop(GRACE_S)
        first = None if output.first_byte is None else (output.first_byte - started) * 1000
        result = self._result(output, code)
        if isinstance(result, OutcomeError):
            return Outcome(latency_ms, error=result, first_byte_ms=first, status=code)
        return Outcome(latency_ms, result, first_byte_ms=first, status=code)

    async def reset(self) -> None:
        """Call ``reset_function``, or post to ``reset_endpoint``, if there is one."""
        await self._reset()

    async def aclose(self) -> None:
        """End the guard of the processes; the processes themselves ended with their trials."""
        self._processes.close()

    def _unsendable(self, text: str) -> str:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            code = ord(text[error.start])
            return f"the prompt cannot be UTF-8: half a surrogate pair (U+{code:04X}) at {error.start}"
        if self._by_argument and "\0" in text:
            return f"an argument of a program cannot contain NUL (at {text.index(chr(0))}); stdin can"
        return ""

    async def _start(self, text: str, output: Output, trial_id: str) -> Process:
        words = [word.replace(PROMPT, text) for word in self._words] if self._by_argument else self._words
        process = await self._processes.start(
            words,
            output.add,
            env={**self._config.env, "FLAKESTORM_TRIAL": trial_id},
            cwd=self._config.folder,
            stdin=not self._by_argument,
        )
        if not self._by_argument:
            process.feed(text.encode("utf-8"))
        return process

    async def _ended(self, process: Process, output: Output) -> None:
        """Wait for the end of the program, or until it must be stopped (timeout, too much output)."""
        ended: set[asyncio.Future[Any]] = {process.exited, output.overflow}
        await asyncio.wait(
            ended,
            timeout=self._timeout_s,
            return_when=asyncio.FIRST_COMPLETED,
        )

    def _result(self, output: Output, code: int | None) -> str | OutcomeError:
        if output.overflow.done():
            limit = f"{self._config.max_reply_bytes:,} bytes (agent.max_reply_bytes)"
            return OutcomeError(ErrorKind.TOO_LARGE, f"the program wrote more than {limit}")
        if code is None:
            message = f"the program did not end within {self._timeout_s:g} s and was stopped"
            return OutcomeError(ErrorKind.TIMEOUT, message, output.tail())
        if code != 0:
            return OutcomeError(ErrorKind.STATUS, f"the program {described(code)}", output.tail())
        try:
            return _reply(bytes(output.out), self._config.response_path)
        except NoReply as error:
            return OutcomeError(ErrorKind.BAD_REPLY, str(error), output.tail())

    def _not_started(self, error: OSError | ValueError) -> OutcomeError:
        if isinstance(error, OSError) and error.errno == errno.E2BIG:
            hint = "Use prompt_via: stdin, which has no limit." if self._by_argument else ""
            return OutcomeError(
                ErrorKind.UNSENDABLE, "the prompt is longer than an argument of a program may be", hint
            )
        reason = getattr(error, "strerror", None) or error
        return OutcomeError(ErrorKind.REFUSED, f"'{self._words[0]}' could not be started: {reason}")


async def _code(process: Process) -> int | None:
    """The exit code once the output is complete, or None while the program still runs."""
    if not process.exited.done():
        return None
    await asyncio.wait({process.drained}, timeout=LINGER_S)
    return process.exited.result()


def _reply(data: bytes, path: str | None) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoReply(f"standard output is not UTF-8: {error.reason} at byte {error.start}") from None
    if path is None:
        return text.removesuffix("\n").removesuffix("\r")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoReply(f"response_path is set, but standard output is not JSON: {error}") from None
    return reply_from_value(value, path)


def _since(started: float) -> float:
    return (perf_counter() - started) * 1000


@agent_kind("command")
def command_agent(config: AgentConfig) -> CommandAgent:
    """The program that ``agent.command`` or ``agent.endpoint`` names."""
    return CommandAgent(config)
