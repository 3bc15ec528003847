"""The port of agents: what flakestorm needs from anything that it can send a prompt to."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from flakestorm.model.attack import Attack
from flakestorm.model.outcome import Outcome


class Request(NamedTuple):
    """One invocation: the turns of a conversation (one text in most cases), and whose trial it is.

    ``lane`` says which of several equal agents is to take it; None leaves it to them.
    """

    turns: tuple[str, ...]
    trial_id: str = ""
    lane: int | None = None

    @property
    def text(self) -> str:
        """The last turn."""
        return self.turns[-1]


class Agent(Protocol):
    """Something that answers requests, many at a time."""

    async def preflight(self) -> None:
        """Raise ``AgentUnreachable`` within two seconds when nothing is there to talk to."""

    async def send(self, request: Request) -> Outcome:
        """The outcome of one invocation, within the agent's own timeout.

        Never raises for anything that the agent does: a status error, a timeout, an exception in the
        agent's code are all ``OutcomeError`` inside the outcome.
        """
        ...

    async def reset(self) -> None:
        """Bring the agent back to its initial state, where the configuration says how; else nothing."""

    async def aclose(self) -> None:
        """Give back connections, threads and processes."""


@runtime_checkable
class Replicated(Protocol):
    """Several equal agents behind one, each of which can be brought back to its start by itself."""

    async def reset_one(self, lane: int) -> None:
        """Reset the agent of ``lane``; see ``Agent.reset``."""

    async def renew(self, lane: int) -> None:
        """Replace the process of ``lane`` by a fresh one. Raises ``AgentUnreachable`` when that fails."""


@runtime_checkable
class Attackable(Protocol):
    """An agent that is reached over HTTP, and so can be sent malformed requests."""

    async def attack(self, attack: Attack, request: Request) -> Outcome:
        """The outcome of ``attack``, with its ``wire``; ``request`` is the golden prompt that it disturbs.

        Never raises for anything that the agent does.
        """
        ...
