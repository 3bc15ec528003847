"""LangChain's chat models of OpenAI and Anthropic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def chat(base: Any) -> Any:
    """Chat Completions."""
    return ChatOpenAI(model=base.model, base_url=base.openai, api_key=base.key, max_retries=0)


def responses(base: Any) -> Any:
    """Responses."""
    return ChatOpenAI(
        model=base.model, base_url=base.openai, api_key=base.key, max_retries=0, use_responses_api=True
    )


def claude(base: Any) -> Any:
    """Messages."""
    return ChatAnthropic(
        model_name=base.model, base_url=base.anthropic, api_key=base.key, max_retries=0, max_tokens=50
    )


@pytest.fixture(params=[chat, responses, claude], ids=lambda made: made.__name__)
def model(base: Any, request: pytest.FixtureRequest) -> Any:
    """A chat model."""
    make: Callable[[Any], Any] = request.param
    return make(base)


async def test_a_text(model: Any, base: Any) -> None:
    """Whole, with usage."""
    answer = await model.ainvoke("hello")
    assert answer.text == base.text
    assert answer.usage_metadata["total_tokens"] > 0


async def test_a_streamed_text(model: Any, base: Any) -> None:
    """The pieces are the text."""
    assert "".join([chunk.text async for chunk in model.astream("hello")]) == base.text


async def test_the_synchronous_way(model: Any, base: Any) -> None:
    """Whole and streamed."""

    def ask() -> tuple[str, str]:
        return model.invoke("hello").text, "".join(chunk.text for chunk in model.stream("hello"))

    assert await asyncio.to_thread(ask) == (base.text, base.text)


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_agent_loop(model: Any, streamed: bool) -> None:
    """Tool call, result, answer."""
    bound = model.bind_tools([weather])
    messages: list[Any] = [HumanMessage("What is the weather?")]
    if streamed:
        chunks = [chunk async for chunk in bound.astream(messages)]
        first: Any = sum(chunks[1:], start=chunks[0])
        assert isinstance(first, AIMessageChunk)
    else:
        first = await bound.ainvoke(messages)
    call = first.tool_calls[0]
    assert (call["name"], call["args"]) == ("weather", {"city": "Oslo"})
    result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
    answer = await bound.ainvoke([*messages, first, result])
    assert answer.text == "It is sunny in Oslo."


async def test_failures(model: Any) -> None:
    """Are the provider's own exceptions."""
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)):
        await model.ainvoke("limit")
    with pytest.raises((openai.InternalServerError, anthropic.InternalServerError)):
        await model.ainvoke("break")
