"""What an agent in this process prints goes to standard error, where it cannot spoil a report."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TextIO, cast

_in_agent: ContextVar[bool] = ContextVar("flakestorm_in_agent", default=False)


class SplitStdout:
    """Stands in for ``sys.stdout``: agent code (by its context variables) writes to standard error instead.

    Context variables follow tasks and the threads that flakestorm starts, but not threads that the agent
    starts by itself: those still print where everybody else does.
    """

    def __init__(self, stdout: TextIO) -> None:
        self.stdout = stdout

    def write(self, text: str) -> int:
        """Write ``text`` where it belongs; returns its length."""
        return self._target().write(text)

    def flush(self) -> None:
        """Flush the stream that ``write`` would use."""
        self._target().flush()

    def _target(self) -> TextIO:
        return sys.stderr if _in_agent.get() else self.stdout

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target(), name)


def divert() -> Callable[[], None]:
    """Put ``SplitStdout`` in place; returns the function that takes it away again."""
    split = SplitStdout(sys.stdout)
    sys.stdout = cast("TextIO", split)

    def restore() -> None:
        # Somebody (a live display) may have put his own stream on top; it still writes through this one.
        if sys.stdout is cast("TextIO", split):
            sys.stdout = split.stdout

    return restore


def enter_agent_code() -> None:
    """From here on, the current task (and what it starts) is agent code."""
    _in_agent.set(True)
