"""What a run is aimed at, in words and as a request that a person can repeat."""

from __future__ import annotations

from flakestorm.core.config import FlakeStormConfig
from flakestorm.model.run import RequestShape

DEFAULT_BODY = '{"input": "{prompt}"}'
"""What an agent of type http gets without a template, with the quotes that a report fills in."""


def describe_target(config: FlakeStormConfig) -> str:
    """The agent's address, or its command line."""
    agent = config.agent
    return agent.endpoint or " ".join(agent.command_line)


def request_shape(config: FlakeStormConfig) -> RequestShape | None:
    """How a prompt travels to an HTTP agent, without secrets; None for other agents."""
    agent = config.agent
    if agent.type != "http":
        return None
    headers = {"Content-Type": "application/json"} | dict(agent.headers)
    return RequestShape(
        method=agent.method,
        headers=tuple((name, config.conceal(value)) for name, value in headers.items()),
        body=agent.request_template or DEFAULT_BODY,
    )
