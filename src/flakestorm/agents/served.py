"""The replicas of a served agent as one agent: who gets a trial, and what a crash makes of its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from flakestorm.agents.port import Agent, Attackable, Request
from flakestorm.agents.serve import Life, Server
from flakestorm.model.attack import Attack
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.randomness import identifier

BROKEN = frozenset({ErrorKind.DISCONNECTED, ErrorKind.REFUSED})
"""What a connection reports when the process at its other end dies."""


class ServedAgent:
    """Sends each trial to one of ``replicas``; always the same one, so that a retry finds its session.

    While a process is started again, its trials wait. A trial whose process died gets ``ErrorKind.DIED``.
    """

    def __init__(self, replicas: Sequence[tuple[Server, Agent]]) -> None:
        self._replicas = replicas

    async def preflight(self) -> None:
        """Ask every replica."""
        await asyncio.gather(*(agent.preflight() for _, agent in self._replicas))

    async def send(self, request: Request) -> Outcome:
        """The outcome from the trial's replica; see the port."""
        server, agent = self._replicas[self._index(request)]
        while True:
            life = await server.life()
            if isinstance(life, str):
                return Outcome(0.0, error=OutcomeError(ErrorKind.REFUSED, life))
            with server.handling(request.trial_id):
                outcome = await agent.send(request)
                if outcome.error is None or outcome.error.kind not in BROKEN:
                    return outcome
                death = await life.seen_dying()
            if death is None:
                return outcome
            if outcome.error.kind is ErrorKind.DISCONNECTED:
                message = f"the agent's process {death.how} while it handled this trial"
                return replace(outcome, error=OutcomeError(ErrorKind.DIED, message, death.tail))
            # Refused: the process was dead before the trial reached it, so the next process gets it.

    async def attack(self, attack: Attack, request: Request) -> Outcome:
        """The outcome of an attack on the trial's replica; a process that dies of it is not healthy."""
        server, agent = self._replicas[self._index(request)]
        if not isinstance(agent, Attackable):
            message = "only agents that are reached over HTTP can be sent malformed requests"
            return Outcome(0.0, error=OutcomeError(ErrorKind.UNSENDABLE, message))
        life = await server.life()
        if isinstance(life, str):
            return Outcome(0.0, error=OutcomeError(ErrorKind.REFUSED, life))
        with server.handling(request.trial_id):
            outcome = await agent.attack(attack, request)
            return await _after_attack(outcome, life)

    async def reset(self) -> None:
        """Reset every replica: each has a state of its own."""
        await asyncio.gather(*(agent.reset() for _, agent in self._replicas))

    async def reset_one(self, lane: int) -> None:
        """Reset the replica of ``lane`` alone."""
        await self._replicas[lane][1].reset()

    async def renew(self, lane: int) -> None:
        """A fresh process for the replica of ``lane``."""
        await self._replicas[lane][0].renew()

    async def aclose(self) -> None:
        """Close the agents; whoever started the servers stops them."""
        await asyncio.gather(*(agent.aclose() for _, agent in self._replicas))

    def _index(self, request: Request) -> int:
        if request.lane is not None:
            return request.lane
        # A hash instead of a counter: it does not depend on the order in which trials are started.
        return int(identifier(request.trial_id), 16) % len(self._replicas)


async def _after_attack(outcome: Outcome, life: Life) -> Outcome:
    wire = outcome.wire
    quiet = wire is not None and not wire.unhealthy and not wire.heartbeat.failed
    if quiet and not life.process.exited.done():
        return outcome
    death = await life.seen_dying()
    if death is None:
        return outcome
    # Its successor may be serving already, so that nothing else shows what happened.
    problem = f"the agent's process {death.how}"
    if wire is None:
        return replace(outcome, error=OutcomeError(ErrorKind.DIED, problem, death.tail))
    return replace(outcome, wire=replace(wire, unhealthy=problem))
