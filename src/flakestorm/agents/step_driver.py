"""Drives an agent's coroutine step by step, to see how long it blocks the loop, and to be able to drop it."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

R = TypeVar("R")


@dataclass(slots=True)
class Call:
    """One invocation of agent code in this process. Times are milliseconds from its start."""

    clock: Callable[[], float] = perf_counter
    first_byte_ms: float | None = None
    longest_step_ms: float = 0.0
    given_up: bool = False
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def elapsed_ms(self) -> float:
        """Milliseconds since the call began."""
        return (self.clock() - self.started) * 1000

    def first_byte(self) -> None:
        """Note the time, the first time that part of a reply arrives."""
        if self.first_byte_ms is None:
            self.first_byte_ms = self.elapsed_ms()


@types.coroutine
def driven(coroutine: Coroutine[Any, Any, R], call: Call) -> Generator[Any, Any, R]:
    """Await ``coroutine`` and keep the longest time between two of its awaits in ``call``.

    A call that is given up gets one cancellation. If it swallows that, the next one drops it: nothing else
    could end it, and the event loop waits for all its tasks when the program ends.
    """
    thrown: BaseException | None = None
    cancellations = 0
    while True:
        begin = call.clock()
        try:
            awaited = coroutine.send(None) if thrown is None else coroutine.throw(thrown)
        except StopIteration as stop:
            reply: R = stop.value
            return reply
        finally:
            call.longest_step_ms = max(call.longest_step_ms, (call.clock() - begin) * 1000)
        thrown = None
        try:
            yield awaited
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            # It belongs to the coroutine, as with ``yield from``.
            if call.given_up and isinstance(error, asyncio.CancelledError):
                cancellations += 1
                if cancellations > 1:
                    _drop(coroutine)
                    raise
            thrown = error


def _drop(coroutine: Coroutine[Any, Any, Any]) -> None:
    try:
        coroutine.close()
    except BaseException:  # noqa: BLE001, S110 - it swallows whatever it is told; nobody waits for it any more
        pass
