"""Brings an agent back to its initial state: calls the user's function, or posts to the agent's reset URL."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.daemon_executor import DaemonExecutor
from flakestorm.agents.loading import load
from flakestorm.agents.tracebacks import headline, last_lines
from flakestorm.model.errors import UsageError, WorkError


def load_reset_function(config: AgentConfig) -> Callable[[], Any] | None:
    """The function that ``agent.reset_function`` names, if any. Raises ``UsageError`` for anything else."""
    if config.reset_function is None:
        return None
    function = load(config.reset_function, "agent.reset_function", config.folder)
    if not callable(function):
        raise UsageError(
            f"agent.reset_function: '{config.reset_function}' is {type(function).__name__}, which cannot be "
            "called. Name a function without arguments."
        )
    return function


async def call_reset(function: Callable[[], Any], timeout_s: float) -> None:
    """Call ``function`` (plain or async). Raises ``WorkError`` when it raises, or takes longer."""
    executor = DaemonExecutor()
    # Not wait_for: before Python 3.12 it can swallow a cancellation.
    call = asyncio.create_task(_call(function, executor))
    try:
        done, _ = await asyncio.wait({call}, timeout=timeout_s)
    finally:
        call.cancel()
        executor.shutdown(wait=False)
    if not done:
        raise WorkError(
            f"agent.reset_function did not return within {timeout_s:g} s (agent.timeout). "
            "The agent's state is unknown, so nothing that follows would mean anything."
        )
    call.result()


async def _call(function: Callable[[], Any], executor: DaemonExecutor) -> None:
    try:
        if inspect.iscoroutinefunction(function):
            result = function()
        else:
            result = await asyncio.get_running_loop().run_in_executor(executor, function)
        if inspect.isawaitable(result):
            await result
    except (Exception, SystemExit) as error:
        # Here and not in the caller: a task that ends with SystemExit takes the event loop with it.
        raise WorkError(f"agent.reset_function raised {headline(error)}\n{last_lines(error)}") from error


async def post_reset(url: str, timeout_s: float) -> None:
    """POST ``url`` with an empty body. Raises ``WorkError`` unless it answers 2xx within ``timeout_s``."""
    import aiohttp

    try:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url) as response:
            if 200 <= response.status < 300:
                return
            seen = f"answered {response.status} {(await response.text(errors='replace'))[:200]}"
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
        seen = f"failed: {headline(error)}"
    raise WorkError(f"agent.reset_endpoint: POST {url} {seen}. A reset must answer 2xx.")


class Reset:
    """What the configuration says about resets, for agents that are not reached over HTTP themselves."""

    def __init__(self, config: AgentConfig) -> None:
        self._function = load_reset_function(config)
        self._url = config.reset_endpoint
        self._timeout_s = config.timeout / 1000
        if self._url is not None and self._url.startswith("/"):
            raise UsageError(
                f"agent.reset_endpoint: '{self._url}' is a path, and agents of type {config.type} have no "
                f"host that it could belong to. Write the whole URL, e.g. http://localhost:8000{self._url}"
            )

    async def __call__(self) -> None:
        """Reset the agent. Raises ``WorkError`` when that fails."""
        if self._function is not None:
            await call_reset(self._function, self._timeout_s)
        if self._url is not None:
            await post_reset(self._url, self._timeout_s)
