"""Runs agent code inside this process: its deadline, its exceptions, and calls that never return."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

from flakestorm.agents.agent_prints import divert, enter_agent_code
from flakestorm.agents.daemon_executor import DaemonExecutor
from flakestorm.agents.reply_path import NoReply
from flakestorm.agents.reply_value import TooLarge
from flakestorm.agents.step_driver import Call, driven
from flakestorm.agents.tracebacks import headline, last_lines
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.verdict import Severity

R = TypeVar("R")

ABANDONED_LIMIT = 64
"""So many calls may hang past their timeout before no more are started."""

BLOCKS_LOOP = "agent_blocks_loop"
"""The kind of finding on an async agent that waits without an await."""
BLOCKING_MS = 500.0
"""An async agent that does not await for so long holds up everything else in this process."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to the last turn and to the earlier ones, where these were sent one by one."""

    reply: str
    replies: tuple[str, ...] = ()


class AgentRaised(Exception):
    """What agent code raised in a thread: futures refuse ``StopIteration`` and let ``SystemExit`` end us."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(headline(error))
        self.error = error


def _ignore(_: Finding) -> None:
    """Nobody listens to findings."""


class InProcess:
    """A place where agent code runs. ``timeout_s`` is for a whole conversation."""

    def __init__(
        self,
        timeout_s: float,
        clock: Callable[[], float] = perf_counter,
        abandoned_limit: int = ABANDONED_LIMIT,
    ) -> None:
        self.executor = DaemonExecutor()
        self.on_finding: Callable[[Finding], None] = _ignore
        self._timeout_s = timeout_s
        self._clock = clock
        self._abandoned_limit = abandoned_limit
        self._abandoned_tasks: set[asyncio.Task[Any]] = set()
        self._blocking_told = False
        self._restore_stdout = divert()

    @property
    def abandoned(self) -> int:
        """How many calls still run although their trial has ended with a timeout."""
        return self.executor.abandoned + len(self._abandoned_tasks)

    async def run(
        self, converse: Callable[[Call], Coroutine[Any, Any, Answer]], trial_id: str = ""
    ) -> Outcome:
        """The outcome of ``converse``, which calls agent code and may raise anything."""
        if self.abandoned >= self._abandoned_limit:
            return Outcome(0.0, error=self._refusal())
        call = Call(self._clock)
        task = asyncio.create_task(_guarded(converse, call))
        try:
            await asyncio.wait({task}, timeout=self._timeout_s)
        finally:
            if not task.done():
                self._abandon(task, call)
        latency_ms = call.elapsed_ms()
        self._tell_blocking(call, trial_id)
        # An agent that blocks the loop is done before anybody could give it up; the others are late with it.
        if call.given_up or call.longest_step_ms > self._timeout_s * 1000:
            return Outcome(latency_ms, error=self._timeout(call), first_byte_ms=call.first_byte_ms)
        result = task.result()
        if isinstance(result, OutcomeError):
            return Outcome(latency_ms, error=result, first_byte_ms=call.first_byte_ms)
        return Outcome(latency_ms, result.reply, first_byte_ms=call.first_byte_ms, replies=result.replies)

    async def in_thread(self, function: Callable[[], R]) -> R:
        """The result of blocking ``function`` in a thread, with this task's context variables.

        Raises ``AgentRaised`` for everything that it raises.
        """
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        result: R | AgentRaised = await loop.run_in_executor(self.executor, context.run, _caught, function)
        if isinstance(result, AgentRaised):
            raise result
        return result

    async def aclose(self) -> None:
        """Let go of threads, and of calls that never returned."""
        for task in list(self._abandoned_tasks):
            # The second cancellation ends those that swallowed the first one.
            task.cancel()
        if self._abandoned_tasks:
            await asyncio.wait(set(self._abandoned_tasks), timeout=1)
        self.executor.shutdown(wait=False)
        self._restore_stdout()

    def _abandon(self, task: asyncio.Task[Any], call: Call) -> None:
        call.given_up = True
        self._abandoned_tasks.add(task)
        task.add_done_callback(self._abandoned_tasks.discard)
        task.cancel()

    def _refusal(self) -> OutcomeError:
        return OutcomeError(
            ErrorKind.REFUSED,
            f"not sent: {self.abandoned} earlier calls of the agent still run long after their timeout",
            "A call of a Python function cannot be stopped from outside. Give the agent timeouts of its own, "
            "for its LLM client and its tools, or lower the concurrency.",
        )

    def _timeout(self, call: Call) -> OutcomeError:
        detail = ""
        if call.longest_step_ms >= BLOCKING_MS:
            detail = f"It blocked the event loop for {call.longest_step_ms / 1000:.1f} s. " + BLOCKING_ADVICE
        return OutcomeError(ErrorKind.TIMEOUT, f"no reply within {self._timeout_s:g} s", detail)

    def _tell_blocking(self, call: Call, trial_id: str) -> None:
        if call.longest_step_ms < BLOCKING_MS or self._blocking_told:
            return
        self._blocking_told = True
        seconds = call.longest_step_ms / 1000
        title = f"The async agent blocks the event loop (for {seconds:.1f} s without an await)"
        trials = (trial_id,) if trial_id else ()
        self.on_finding(Finding(BLOCKS_LOOP, Severity.MEDIUM, title, BLOCKING_ADVICE, trials))


BLOCKING_ADVICE = (
    "While it does, no other request is handled, in flakestorm as in production, and latencies are wrong. "
    "Await an async client, or move the blocking call into asyncio.to_thread; a plain def is run in a thread."
)


async def _guarded(
    converse: Callable[[Call], Coroutine[Any, Any, Answer]], call: Call
) -> Answer | OutcomeError:
    """What ``converse`` returns, or why it did not: nothing that agent code raises gets out of here."""
    try:
        enter_agent_code()
        return await driven(converse(call), call)
    except NoReply as error:
        return OutcomeError(ErrorKind.BAD_REPLY, str(error))
    except TooLarge as error:
        return OutcomeError(ErrorKind.TOO_LARGE, str(error))
    except BaseException as error:  # noqa: BLE001 - even sys.exit in agent code is an outcome, not our end
        cause = error.error if isinstance(error, AgentRaised) else error
        return OutcomeError(ErrorKind.EXCEPTION, headline(cause), last_lines(cause))


def _caught(function: Callable[[], R]) -> R | AgentRaised:
    try:
        return function()
    except (NoReply, TooLarge):
        raise
    except BaseException as error:  # noqa: BLE001 - see AgentRaised
        return AgentRaised(error)
