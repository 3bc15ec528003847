"""What a run is aimed at, in words and as a request that a person can repeat."""

from __future__ import annotations

from dataclasses import replace

from flakestorm.agents import request_shape as shapes
from flakestorm.core.config import FlakeStormConfig
from flakestorm.model.run import RequestShape


def describe_target(config: FlakeStormConfig) -> str:
    """The agent's address, or its command line."""
    agent = config.agent
    return agent.endpoint or " ".join(agent.command_line)


def request_shape(config: FlakeStormConfig) -> RequestShape | None:
    """How a prompt travels to an HTTP agent, without secrets; None for other agents."""
    # A served agent has no port yet, and the shape needs none.
    agent = config.agent.model_copy(update={"endpoint": config.agent.endpoint.replace("{port}", "80")})
    shape = shapes.request_shape(agent)
    if shape is None:
        return None
    return replace(shape, headers=tuple((name, config.conceal(value)) for name, value in shape.headers))
