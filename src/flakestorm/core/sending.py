"""Trials to the agent: prompts are sent, and attacks on the protocol are carried out."""

from __future__ import annotations

from flakestorm.agents.port import Agent, Attackable, Request
from flakestorm.core.executor import Sender
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.trial import Trial

NO_HTTP = "this agent is not reached over HTTP, so no malformed request can be sent to it"


def sender(agent: Agent) -> Sender:
    """What gives a trial to ``agent``."""

    async def send(trial: Trial) -> Outcome:
        request = Request(trial.turns, trial.id)
        if trial.mutation is None or trial.mutation.attack is None:
            return await agent.send(request)
        if isinstance(agent, Attackable):
            return await agent.attack(trial.mutation.attack, request)
        return Outcome(0.0, error=OutcomeError(ErrorKind.UNSENDABLE, NO_HTTP))

    return send
