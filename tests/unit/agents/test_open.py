"""Opening agents: by their kind, or around an object; closing; and findings."""

from __future__ import annotations

import pytest
from langchain_core.runnables import RunnableLambda

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.http import HttpAgent
from flakestorm.agents.langchain import LangChainAgent
from flakestorm.agents.open import open_agent
from flakestorm.agents.port import Request
from flakestorm.agents.python import PythonAgent
from flakestorm.agents.registry import agent_kinds
from flakestorm.model.finding import Finding


def ignore(_: Finding) -> None:
    """Nobody listens."""


async def test_kind_from_the_configuration() -> None:
    """The registry knows every kind that comes with flakestorm, and the type chooses."""
    async with open_agent(AgentConfig(endpoint="http://127.0.0.1:9/"), ignore) as agent:
        assert isinstance(agent, HttpAgent)
    assert {"http", "openai", "python", "langchain", "command"} <= set(agent_kinds)


@pytest.mark.parametrize("kind", ["python", "http"])
async def test_python_target(kind: str) -> None:
    """An object is tested in place of the endpoint, whatever the type says."""
    endpoint = "app:agent" if kind == "python" else "http://127.0.0.1:9/"
    config = AgentConfig(type=kind, endpoint=endpoint)
    async with open_agent(config, ignore, target=str.upper) as agent:
        assert isinstance(agent, PythonAgent)
        assert agent.on_finding is ignore
        assert (await agent.send(Request(("hello",)))).reply == "HELLO"


async def test_langchain_target() -> None:
    """With type langchain the object is a runnable."""
    config = AgentConfig(type="langchain", endpoint="app:chain")
    async with open_agent(config, ignore, target=RunnableLambda(str.upper)) as agent:
        assert isinstance(agent, LangChainAgent)
        assert (await agent.send(Request(("hello",)))).reply == "HELLO"
