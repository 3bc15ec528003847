"""Where flakestorm stands on the agent's calls during a run: on the wire, or in this process."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from flakestorm.agents.config import AgentConfig
from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.traffic import Traffic, current_traffic

if TYPE_CHECKING:
    from flakestorm.chaos.gateway.gateway import Gateway
    from flakestorm.chaos.inprocess.reach import Reach

IN_PROCESS = frozenset({"python", "langchain"})
"""Kinds of agents whose calls are made in this process."""

COMMAND_LANES = 8
"""So many programs at most run at once under faults: each has a port of the gateway to itself."""

Prepare = Callable[[int | None], Awaitable[None]]
"""Makes the agent of a lane ready for a trial; what it calls meanwhile belongs to no trial."""


async def nothing(_: int | None) -> None:
    """The ``Prepare`` of agents that are always ready."""


class Environment(Protocol):
    """What a run needs of the agent's surroundings in order to disturb them."""

    @property
    def surroundings(self) -> Sequence[Mapping[str, str]]:
        """Environment variables for an agent that is started here, one set for each lane."""
        ...

    @property
    def at_once(self) -> int | None:
        """How many trials can be told apart at once; None for any number."""
        ...

    def around(self, traffic: Traffic, prepare: Prepare = nothing) -> AbstractAsyncContextManager[int | None]:
        """While this is open, calls of the trial are ``traffic``'s. Gives the lane that the trial has.

        ``prepare`` is waited for as soon as the trial has its lane, before its calls count.
        """
        ...

    def missing(self, disturbed: Collection[str], by_url: bool = False) -> str:
        """After the control arm: why faults on ``disturbed`` (llm, tool, context) reach nothing; or "".

        ``by_url`` says that tool faults name URLs, which may be those of any HTTP call.
        """
        ...


class InThisProcess:
    """Hooks in the client libraries; the trial is known from the context in which its code runs."""

    surroundings: Sequence[Mapping[str, str]] = ()
    at_once: int | None = None

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    @asynccontextmanager
    async def around(self, traffic: Traffic, prepare: Prepare = nothing) -> AsyncIterator[int | None]:
        """See ``Environment``."""
        await prepare(None)
        token = current_traffic.set(traffic)
        try:
            yield None
        finally:
            current_traffic.reset(token)

    def missing(self, disturbed: Collection[str], by_url: bool = False) -> str:
        """See ``Environment``."""
        return self._reach.missing(disturbed, by_url)


class OnTheWire:
    """The gateway. A trial has a lane to itself until the control arm shows that calls name their trial."""

    def __init__(self, gateway: Gateway, lanes: int, is_routed: bool, exclusive: bool = False) -> None:
        self.surroundings = [gateway.environment(lane) for lane in range(lanes)]
        self._gateway = gateway
        self._is_routed = is_routed
        self._exclusive = exclusive
        self._free: asyncio.LifoQueue[int] = asyncio.LifoQueue()
        for lane in reversed(range(lanes)):
            self._free.put_nowait(lane)
        self._lanes = lanes
        self._kinds: Counter[str] = Counter()
        self._called: set[str] = set()

    @property
    def at_once(self) -> int | None:
        """As many as there are lanes, or any number when every trial that made calls was named in one.

        Trials that are ``exclusive`` have a lane to themselves all the same.
        """
        if self._exclusive:
            return self._lanes
        return None if self._called and self._called <= self._gateway.forwarded else self._lanes

    @asynccontextmanager
    async def around(self, traffic: Traffic, prepare: Prepare = nothing) -> AsyncIterator[int | None]:
        """See ``Environment``."""
        lane = None if self.at_once is None else await self._free.get()
        try:
            await prepare(lane)
            self._gateway.enter(traffic, lane)
            try:
                yield lane
            finally:
                self._gateway.leave(traffic)
                self._remember(traffic)
        finally:
            if lane is not None:
                self._free.put_nowait(lane)

    def missing(self, disturbed: Collection[str], by_url: bool = False) -> str:
        """See ``Environment``."""
        tools = ["tool", "http"] if by_url else ["tool"]
        wanted = {"llm": ["llm"], "tool": tools, "context": ["llm", *tools]}
        lacking = [part for part in sorted(disturbed) if not any(self._kinds[kind] for kind in wanted[part])]
        if not lacking:
            return ""
        seen = ", ".join(f"{count} {kind} calls" for kind, count in sorted(self._kinds.items())) or "no calls"
        return (
            f"The control arm made {seen} through the gateway, so that faults of {' and '.join(lacking)} can "
            f"reach nothing. {self._how_to_route()}"
        )

    def _how_to_route(self) -> str:
        if self._is_routed:
            return (
                "The agent was started with OPENAI_BASE_URL and the like set to the gateway. Does it take "
                "them from its environment? Tools behind a URL are named in chaos.gateway.tools, each with "
                "the variable (env) from which the agent takes its address."
            )
        variables = " ".join(f"{name}={value}" for name, value in sorted(self.surroundings[0].items()))
        return (
            "Lead the calls of the agent through the gateway, or let flakestorm start it (agent.serve): "
            f"{variables}"
        )

    def _remember(self, traffic: Traffic) -> None:
        calls = traffic.calls()
        self._kinds.update(call.kind for call in calls)
        if calls:
            self._called.add(traffic.trial_id)


@asynccontextmanager
async def open_environment(
    agent: AgentConfig,
    gateway: GatewayConfig | None,
    concurrency: int,
    is_object: bool,
    exclusive: bool = False,
    strays: Callable[[], Traffic] | None = None,
) -> AsyncIterator[Environment]:
    """The environment of ``agent``; ``is_object`` says that it is a Python object given for the run.

    ``strays`` gives the traffic of calls that belong to no trial; without it they pass as they are.

    Trials that are ``exclusive`` never share a lane. Raises ``WorkError`` when a port is taken, and
    ``UsageError`` for tools that cannot be loaded.
    """
    if is_object or agent.type in IN_PROCESS:
        from flakestorm.agents.loading import load
        from flakestorm.chaos.inprocess.installed import installed

        tools = {target: load(target, "agent.tools", agent.folder) for target in agent.tools}
        registries = {t: load(t, "agent.tool_registry", agent.folder) for t in agent.tool_registry}
        with installed(gateway, tools, registries, strays) as reach:
            yield InThisProcess(reach)
        return
    from flakestorm.chaos.gateway.gateway import Gateway

    settings = gateway or GatewayConfig()
    lanes, port = 1, settings.port
    if agent.serve is not None:
        lanes, port = agent.serve.replicas, 0
    elif agent.type == "command":
        lanes, port = min(concurrency, COMMAND_LANES), 0
    told = {**os.environ, **_own_variables(agent)}
    async with Gateway(settings, lanes, port, fallback=strays, surroundings=told) as opened:
        yield OnTheWire(opened, lanes, is_routed=port == 0, exclusive=exclusive)


def led_through(environment: Environment | None, agent: AgentConfig) -> AgentConfig:
    """``agent`` without the variables of its own that would lead its calls past ``environment``.

    What they say is not lost: the gateway takes it for the place to send the calls on to.
    """
    if environment is None or not environment.surroundings:
        return agent
    left = {
        name: value
        for name, value in _own_variables(agent).items()
        if name not in environment.surroundings[0]
    }
    if agent.serve is None:
        return agent.model_copy(update={"env": left})
    return agent.model_copy(update={"serve": agent.serve.model_copy(update={"env": left})})


def _own_variables(agent: AgentConfig) -> Mapping[str, str]:
    """The variables that the configuration gives to the agent's process."""
    return agent.env if agent.serve is None else agent.serve.env
