"""Trials to the agent: prompts are sent, attacks are carried out, and faults are put in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flakestorm.agents.port import Agent, Attackable, Request
from flakestorm.chaos.traffic import Traffic
from flakestorm.core.chaos_environment import Environment, Prepare, nothing
from flakestorm.core.executor import Sender
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.trial import NO_CHAOS, Trial

NO_HTTP = "this agent is not reached over HTTP, so no malformed request can be sent to it"


def is_watched(trial: Trial) -> bool:
    """Whether its calls are seen: under faults, and in the control arm that is their measure.

    A trial of which only the prompt is disturbed needs no lane to itself, and so no other has to wait for it.
    """
    return trial.mutation is None or trial.scenario != NO_CHAOS


TrafficOf = Callable[[Trial], Traffic]
"""The traffic of a trial, with the faults of its scenario."""


def sender(
    agent: Agent,
    environment: Environment | None = None,
    traffic_of: TrafficOf | None = None,
    prepare: Prepare = nothing,
    watched: Callable[[Trial], bool] = is_watched,
) -> Sender:
    """What gives a trial to ``agent``; in an ``environment`` its calls are seen and disturbed.

    There ``prepare`` is called before each trial whose calls are ``watched``.
    """

    async def send(trial: Trial) -> Outcome:
        if trial.mutation is not None and trial.mutation.attack is not None:
            if isinstance(agent, Attackable):
                return await agent.attack(trial.mutation.attack, Request(trial.turns, trial.id))
            return Outcome(0.0, error=OutcomeError(ErrorKind.UNSENDABLE, NO_HTTP))
        if environment is None or traffic_of is None or not watched(trial):
            return await agent.send(Request(trial.turns, trial.id))
        traffic = traffic_of(trial)
        async with environment.around(traffic, prepare) as lane:
            outcome = await agent.send(Request(trial.turns, trial.id, lane))
        calls = traffic.calls()
        if traffic.unrecorded:
            # Whatever the agent made of it, it was asked something else than its own model would have said.
            error = OutcomeError(ErrorKind.UNRECORDED, traffic.unrecorded[0])
            return Outcome(outcome.latency_ms, error=error, calls=calls)
        return replace(outcome, calls=calls)

    return send
