"""Opens the agent that the configuration describes, and closes everything that belongs to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from flakestorm.agents.config import AgentConfig, ServeConfig
from flakestorm.agents.laned import Laned
from flakestorm.agents.port import Agent
from flakestorm.agents.process import Processes
from flakestorm.agents.registry import agent_kinds
from flakestorm.agents.serve import Server, picks_port
from flakestorm.agents.served import ServedAgent
from flakestorm.model.errors import UsageError
from flakestorm.model.finding import Finding

C = TypeVar("C", AgentConfig, ServeConfig)

OnFinding = Callable[[Finding], None]


@asynccontextmanager
async def open_agent(
    config: AgentConfig,
    on_finding: OnFinding,
    target: object | None = None,
    surroundings: Sequence[Mapping[str, str]] = (),
) -> AsyncIterator[Agent]:
    """The agent of ``config``, started first where ``config.serve`` says so.

    ``target`` is a Python object to test in place of what ``config.endpoint`` names (a function, an object
    with ``invoke``, and with type langchain a runnable). ``on_finding`` is told what is noticed about the
    agent itself. ``surroundings`` are environment variables for processes that are started here, one set
    for each lane: a served agent has as many replicas then. Raises ``UsageError`` or ``AgentUnreachable``.
    """
    async with AsyncExitStack() as stack:
        agent: Agent
        if target is not None:
            agent = _for_target(target, config)
        elif config.serve is not None:
            agent = await _served(config, on_finding, stack, surroundings)
        elif surroundings and config.type == "command":
            agent = Laned([_make(_within(config, more)) for more in surroundings])
        else:
            agent = _make(config)
        stack.push_async_callback(agent.aclose)
        if hasattr(agent, "on_finding"):
            agent.on_finding = on_finding
        yield agent


def _for_target(target: object, config: AgentConfig) -> Agent:
    if config.type == "langchain":
        from flakestorm.agents.langchain import LangChainAgent

        return LangChainAgent(target, config)
    from flakestorm.agents.python import PythonAgent

    return PythonAgent(target, config)


def _make(config: AgentConfig) -> Agent:
    # Importing them registers them; it waits until here because each brings its own libraries.
    import flakestorm.agents.builtin  # noqa: F401 - imported for its registrations

    return agent_kinds.get(config.type)(config)


async def _served(
    config: AgentConfig,
    on_finding: OnFinding,
    stack: AsyncExitStack,
    surroundings: Sequence[Mapping[str, str]],
) -> Agent:
    serve: Any = config.serve
    if surroundings:
        serve = serve.model_copy(update={"replicas": len(surroundings)})
    if serve.replicas > 1 and not picks_port(serve):
        raise UsageError(
            f"agent.serve: {serve.replicas} replicas cannot share one port. Write {{port}} in "
            "agent.serve.command (or in its env) and in agent.endpoint."
        )
    processes = Processes()
    stack.callback(processes.close)
    each = surroundings or [{}] * serve.replicas
    servers = [Server(_within(serve, more), config.endpoint, processes, on_finding) for more in each]
    await _start_all(servers, stack)
    return ServedAgent([(server, _make(_at(config, server))) for server in servers])


async def _start_all(servers: list[Server], stack: AsyncExitStack) -> None:
    """Start all at once; when one fails, stop the others too."""
    starts = [asyncio.create_task(stack.enter_async_context(server)) for server in servers]
    try:
        await asyncio.gather(*starts)
    except BaseException:
        for start in starts:
            start.cancel()
        await asyncio.gather(*starts, return_exceptions=True)
        raise


def _within(config: C, surroundings: Mapping[str, str]) -> C:
    """``config`` with ``surroundings`` in its environment; what the user set himself stays."""
    return config.model_copy(update={"env": {**surroundings, **config.env}}) if surroundings else config


def _at(config: AgentConfig, server: Server) -> AgentConfig:
    """``config`` for the agent behind ``server``."""
    filled = {"endpoint": server.filled(config.endpoint), "serve": None}
    if config.reset_endpoint is not None:
        filled["reset_endpoint"] = server.filled(config.reset_endpoint)
    return config.model_copy(update=filled)
