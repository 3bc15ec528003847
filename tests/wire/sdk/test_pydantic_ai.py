"""Agents of pydantic-ai with models of OpenAI and Anthropic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import anthropic
import openai
import pytest
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


def chat(base: Any) -> tuple[Any, Any]:
    """Chat Completions."""
    client = openai.AsyncOpenAI(base_url=base.openai, api_key=base.key, max_retries=0)
    return client, OpenAIChatModel(base.model, provider=OpenAIProvider(openai_client=client))


def responses(base: Any) -> tuple[Any, Any]:
    """Responses."""
    client = openai.AsyncOpenAI(base_url=base.openai, api_key=base.key, max_retries=0)
    return client, OpenAIResponsesModel(base.model, provider=OpenAIProvider(openai_client=client))


def claude(base: Any) -> tuple[Any, Any]:
    """Messages."""
    client = anthropic.AsyncAnthropic(base_url=base.anthropic, api_key=base.key, max_retries=0)
    return client, AnthropicModel(base.model, provider=AnthropicProvider(anthropic_client=client))


@pytest.fixture(params=[chat, responses, claude], ids=lambda made: made.__name__)
async def agent(base: Any, request: pytest.FixtureRequest) -> AsyncIterator[Agent[None, str]]:
    """An agent with one tool."""
    make: Callable[[Any], tuple[Any, Any]] = request.param
    client, model = make(base)
    made = Agent(model)

    @made.tool_plain
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"sunny in {city}"

    yield made
    await client.close()


async def test_a_text(agent: Agent[None, str], base: Any) -> None:
    """Whole and streamed."""
    assert (await agent.run("hello")).output == base.text
    async with agent.run_stream("hello") as stream:
        assert "".join([piece async for piece in stream.stream_text(delta=True)]) == base.text


async def test_an_agent_loop(agent: Agent[None, str]) -> None:
    """The agent calls its tool and gives the result back."""
    result = await agent.run("What is the weather?")
    assert result.output == "It is sunny in Oslo."


@pytest.mark.parametrize(("text", "status"), [("limit", 429), ("break", 500)])
async def test_failures(agent: Agent[None, str], text: str, status: int) -> None:
    """Are the framework's exception with the provider's status."""
    with pytest.raises(ModelHTTPError) as raised:
        await agent.run(text)
    assert raised.value.status_code == status
