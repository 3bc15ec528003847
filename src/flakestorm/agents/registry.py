"""The kinds of agent, by the name that ``agent.type`` has in the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flakestorm.agents.port import Agent
from flakestorm.model.errors import PluginError
from flakestorm.plugins import Registry

AgentFactory = Callable[[Any], Agent]
"""AgentConfig (of that kind) ► agent; called inside a running event loop."""


def _check(name: str, factory: AgentFactory) -> None:
    if not callable(factory):
        raise PluginError(f"agent kind '{name}' must be registered with a callable")


agent_kinds: Registry[AgentFactory] = Registry("agent type", "flakestorm.agents", _check)

F = TypeVar("F", bound=AgentFactory)


def agent_kind(name: str) -> Callable[[F], F]:
    """Register the decorated factory as ``agent.type: name``."""

    def register(factory: F) -> F:
        agent_kinds.add(name, factory, f"{factory.__module__}.{factory.__name__}")
        return factory

    return register
