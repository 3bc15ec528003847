"""Keeps trials apart: the agent is brought back to its start before each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.port import Agent, Replicated
from flakestorm.chaos.traffic import Traffic
from flakestorm.core.chaos_environment import IN_PROCESS, Environment, Prepare, nothing
from flakestorm.core.config import FlakeStormConfig
from flakestorm.model.errors import UsageError

PROCESS, RESET_ONE, RESET_ALL = "process", "reset_one", "reset_all"
STOP_S = 5.0
"""Seconds that the end of a process may take, beside the start of the next."""
WORDS = {
    PROCESS: "a fresh process of agent.serve for each trial",
    RESET_ONE: "agent.reset_endpoint before each trial",
    RESET_ALL: "agent.reset_endpoint or agent.reset_function before each trial",
}


@dataclass(frozen=True, slots=True)
class Isolation:
    """How an agent forgets: ``at_once`` agents can be asked without one seeing the other's trials."""

    kind: str
    at_once: int
    allowance_s: float

    @property
    def words(self) -> str:
        """For reports."""
        return WORDS[self.kind]

    def lanes(self) -> Environment:
        """The environment of trials that nothing disturbs."""
        return Lanes(self.at_once)

    def limit(self, possible: int | None) -> int:
        """How many trials may run at once where ``possible`` could be told apart; None is any number."""
        return self.at_once if possible is None else min(possible, self.at_once)

    def prepare(self, agent: Agent) -> Prepare:
        """What brings ``agent`` back to its start before a trial."""
        return partial(self.renew, agent)

    async def renew(self, agent: Agent, lane: int | None) -> None:
        """Bring the agent of ``lane`` back to its start. Raises ``WorkError`` when that fails."""
        if self.kind == RESET_ALL or lane is None or not isinstance(agent, Replicated):
            await agent.reset()
        elif self.kind == PROCESS:
            await agent.renew(lane)
        else:
            await agent.reset_one(lane)


def isolation_of(config: FlakeStormConfig, is_object: bool) -> Isolation | None:
    """How trials of ``config`` that must not see each other are kept apart; None where nothing says how.

    Raises ``UsageError`` when a fresh process is asked for and flakestorm starts none.
    """
    agent = config.agent
    in_process = is_object or agent.type in IN_PROCESS
    wants_process = config.contract is not None and config.contract.fresh_process
    if wants_process and (agent.serve is None or in_process):
        raise UsageError(
            "contract.fresh_process: there is no process to start anew, because agent.serve does not say how "
            "the agent is started. Write agent.serve, or give agent.reset_endpoint or agent.reset_function."
        )
    timeout_s = agent.timeout / 1000
    if wants_process and agent.serve is not None:
        return Isolation(PROCESS, agent.serve.replicas, agent.serve.ready_timeout_s + STOP_S)
    if agent.reset_endpoint is None and agent.reset_function is None:
        return None
    if agent.serve is not None and not in_process and _is_own(agent):
        return Isolation(RESET_ONE, agent.serve.replicas, timeout_s)
    return Isolation(RESET_ALL, 1, 2 * timeout_s)


def _is_own(agent: AgentConfig) -> bool:
    """Whether each replica has a reset of its own, which leaves the others alone."""
    url = agent.reset_endpoint
    return agent.reset_function is None and url is not None and (url.startswith("/") or "{port}" in url)


def is_independent(agent: AgentConfig, is_object: bool) -> bool:
    """Whether the agent can remember nothing anyway: each trial is a program of its own."""
    return agent.type == "command" and not is_object


class Lanes:
    """An environment in which nothing is disturbed: it only hands out lanes, one trial at a time for each."""

    surroundings: Sequence[Mapping[str, str]] = ()

    def __init__(self, lanes: int) -> None:
        self.at_once: int | None = lanes
        self._free: asyncio.LifoQueue[int] = asyncio.LifoQueue()
        for lane in reversed(range(lanes)):
            self._free.put_nowait(lane)

    @asynccontextmanager
    async def around(self, traffic: Traffic, prepare: Prepare = nothing) -> AsyncIterator[int | None]:
        """See ``Environment``."""
        del traffic
        lane = await self._free.get()
        try:
            await prepare(lane)
            yield lane
        finally:
            self._free.put_nowait(lane)

    def missing(self, disturbed: Collection[str], by_url: bool = False) -> str:
        """Nothing is looked for."""
        del disturbed, by_url
        return ""
