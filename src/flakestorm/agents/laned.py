"""Several equal agents as one: each trial goes to the one whose lane it has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from flakestorm.agents.port import Agent, Request
from flakestorm.model.outcome import Outcome
from flakestorm.model.randomness import identifier


class Laned:
    """``agents``, of which a request without a lane gets one by its trial."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self._agents = agents

    async def preflight(self) -> None:
        """See ``agents.port``; they are all alike."""
        await self._agents[0].preflight()

    async def send(self, request: Request) -> Outcome:
        """The outcome of one invocation; see ``agents.port``."""
        lane = request.lane
        if lane is None:
            lane = int(identifier(request.trial_id), 16) % len(self._agents)
        return await self._agents[lane].send(request)

    async def reset(self) -> None:
        """Reset them all."""
        await asyncio.gather(*(agent.reset() for agent in self._agents))

    async def aclose(self) -> None:
        """Close them all."""
        await asyncio.gather(*(agent.aclose() for agent in self._agents))
