"""The executor port: runs a slice of trials. Here in this process; a worker on another machine could too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

from flakestorm.core.pace import Pace
from flakestorm.model.errors import FlakestormError
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.randomness import draw
from flakestorm.model.retry_after import LONGEST_WAIT_S, wait_s
from flakestorm.model.trial import NO_CHAOS, Trial

TRANSPORT_FAULTS = frozenset({ErrorKind.REFUSED, ErrorKind.DISCONNECTED, ErrorKind.DNS})
"""Worth another try in the control arm: nothing was disturbed, so the agent's own faults stay visible."""

ATTACK_TIMEOUTS = 8
"""An attack takes this many times the agent's timeout at most: the requests before and after it as well."""

LONGEST_CONVERSATION = 20
"""Turns of another trial that one which was handed over ahead may have to wait for."""

GRACE_S = 5.0
"""An agent keeps its own timeout; if it does not, the trial is taken from it this much later."""


class Sender(Protocol):
    """What the executor needs of an agent."""

    async def __call__(self, trial: Trial) -> Outcome:
        """The outcome of one invocation."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How trials are run. ``deadline_s`` is the agent's timeout; budgets of None do not end.

    Up to ``prefetch`` further trials may be handed over, to wait until the agent has fewer than
    ``concurrency``.
    """

    concurrency: int = 10
    prefetch: int = 0
    retries: int = 2
    deadline_s: float = 30.0
    max_calls: int | None = None
    until: float | None = None
    """``time.monotonic()`` at which no further trial starts."""


Report = Callable[[Trial, Outcome], Awaitable[None] | None]
"""Called as each trial ends; what it returns is waited for, while the agent has its peace."""


class Executor(Protocol):
    """Runs trials and reports each; returns why it stopped early, or an empty string."""

    async def execute(self, trials: Iterator[Trial], report: Report, at_once: int | None = None) -> str:
        """Run all ``trials``, ``at_once`` of them or as many as there may be; ``report`` each as it ends."""
        ...


class LocalExecutor:
    """Runs trials in this event loop, ``limits.concurrency`` at a time."""

    def __init__(self, send: Sender, limits: Limits, pace: Pace, seed: int) -> None:
        self._send = send
        self._limits = limits
        self._pace = pace
        self._seed = seed
        self._calls = 0
        self._stop = ""
        self._workers: list[asyncio.Task[None]] = []
        self._overdue: dict[asyncio.Task[None], float] = {}

    def interrupt(self, reason: str) -> None:
        """Start no further trial and give up those under way: nothing of them is kept."""
        self._stop = reason
        for worker in self._workers:
            worker.cancel()

    async def execute(self, trials: Iterator[Trial], report: Report, at_once: int | None = None) -> str:
        """Run all ``trials``. An exception of ours ends everything; what was reported stays reported."""
        self._workers = workers = [
            asyncio.create_task(self._work(trials, report), name=f"flakestorm-worker-{number}")
            for number in range(at_once or self._limits.concurrency + self._limits.prefetch)
        ]
        watchdog = asyncio.create_task(self._watch())
        try:
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                if not task.cancelled():
                    task.result()
        finally:
            for task in (*workers, watchdog):
                task.cancel()
            await asyncio.gather(*workers, watchdog, return_exceptions=True)
        return self._stop

    async def _work(self, trials: Iterator[Trial], report: Report) -> None:
        while not self._stop:
            await self._pace.enter()
            try:
                trial = None if self._spent() else next(trials, None)
                if trial is None:
                    return
                outcome = await self._attempts(trial)
            finally:
                self._pace.leave()
            reported = report(trial, outcome)
            if reported is not None:
                await reported

    def _spent(self) -> bool:
        limits = self._limits
        if limits.max_calls is not None and self._calls >= limits.max_calls:
            self._stop = f"the budget of {limits.max_calls} calls is spent (advanced.max_calls)"
        elif limits.until is not None and monotonic() >= limits.until:
            self._stop = "the time budget is spent (advanced.max_minutes)"
        return bool(self._stop)

    async def _attempts(self, trial: Trial) -> Outcome:
        """One invocation, tried again only where that cannot hide a fault of the agent."""
        for attempt in range(1, self._limits.retries + 2):
            outcome = await self._one(trial)
            if _is_attack(trial) or trial.scenario != NO_CHAOS:
                # What is answered to an attack or under faults is no message to a customer, and sent again
                # it would be another attack, or hide what the faults did.
                break
            if outcome.asks_for_less:
                self._pace.throttled(outcome.retry_after_s)
                worth_it = True
            else:
                self._pace.succeeded()
                worth_it = trial.is_control and outcome.error is not None
                worth_it = worth_it and outcome.error.kind in TRANSPORT_FAULTS  # type: ignore[union-attr] # asked above
            if not worth_it or attempt > self._limits.retries or self._spent():
                break
            await asyncio.sleep(self._delay(trial, attempt, outcome))
        return replace(outcome, attempts=attempt) if attempt > 1 else outcome

    def _delay(self, trial: Trial, attempt: int, outcome: Outcome) -> float:
        """Seconds before the next try: exponential with jitter, or what the agent asked for."""
        if outcome.asks_for_less and outcome.retry_after_s is not None:
            return wait_s(outcome.retry_after_s)
        return 0.1 * 2.0**attempt * (0.5 + draw(self._seed, trial.id, "backoff", attempt))

    async def _one(self, trial: Trial) -> Outcome:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - workers are tasks; this is for the type checker
        started = monotonic()
        self._overdue[task] = started + allowed_s(trial, self._limits)
        self._calls += 1
        try:
            outcome = await self._send(trial)
            self._calls += _further_requests(outcome)
            return outcome
        except asyncio.CancelledError:
            if task in self._overdue or self._stop:
                raise
            return _overran((monotonic() - started) * 1000, self._limits.deadline_s)
        except FlakestormError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin's agent may raise what it must not
            return Outcome(
                (monotonic() - started) * 1000,
                error=OutcomeError(ErrorKind.EXCEPTION, f"{type(error).__name__}: {error}"),
            )
        finally:
            self._overdue.pop(task, None)

    async def _watch(self) -> None:
        """One timer for all trials: cheaper than one for each."""
        while True:
            await asyncio.sleep(1.0)
            now = monotonic()
            for task in [task for task, deadline in self._overdue.items() if deadline < now]:
                del self._overdue[task]
                task.cancel()


def allowed_s(trial: Trial, limits: Limits) -> float:
    """How long a trial may take until it is taken from an agent that keeps no timeout of its own."""
    # Each turn of a conversation has the agent's whole timeout.
    timeouts = ATTACK_TIMEOUTS if _is_attack(trial) else len(trial.turns)
    allowed = limits.deadline_s * timeouts + GRACE_S
    if limits.prefetch:
        # Where it waits for its turn, there is a whole conversation before it at worst, and an agent that
        # asks to be left alone before either of them.
        allowed += limits.deadline_s * LONGEST_CONVERSATION + 2 * LONGEST_WAIT_S
    return allowed


def _is_attack(trial: Trial) -> bool:
    return trial.mutation is not None and trial.mutation.attack is not None


def _further_requests(outcome: Outcome) -> int:
    """Beside the first request: the exchanges of an attack, the earlier turns of a conversation."""
    return len(outcome.replies) if outcome.wire is None else outcome.wire.requests - 1


def _overran(latency_ms: float, deadline_s: float) -> Outcome:
    message = f"no reply within {deadline_s:g} s, and the agent kept no timeout of its own"
    return Outcome(latency_ms, error=OutcomeError(ErrorKind.TIMEOUT, message))
