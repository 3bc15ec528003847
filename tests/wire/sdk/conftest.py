"""An LLM behind every official client, and the rules that all tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.gateway.gateway import Gateway
from flakestorm.testing import Failure, Reply, Rule, ScriptedLLM, ToolCall

KEY = "key-right"
MODEL = "model-a"
TEXT = "Hello there, grüß dich!"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
RULES = [
    Rule(
        "weather",
        Reply("Let me see.", tool_calls=(ToolCall("weather", {"city": "Oslo"}),)),
        then="It is {result}.",
    ),
    Rule("limit", Failure(429, "Slow down", {"Retry-After": "1"})),
    Rule("break", Failure(500, "The server had an error")),
    Rule("hello", TEXT),
]


@dataclass(frozen=True)
class Bases:
    """Where clients find each provider's API, and what they need to be let in."""

    openai: str
    anthropic: str
    google: str
    ollama: str
    key: str = KEY
    model: str = MODEL
    text: str = TEXT


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A running LLM with ``RULES``."""
    async with ScriptedLLM(RULES, models=[MODEL], api_key=KEY) as running:
        yield running


def gateway_config(llm: ScriptedLLM) -> GatewayConfig:
    """A gateway in front of ``llm`` for all four providers."""
    return GatewayConfig(
        upstreams={
            "openai": llm.openai_url,
            "anthropic": llm.anthropic_url,
            "google": llm.google_url,
            "ollama": llm.ollama_url,
        }
    )


@pytest.fixture(params=["direct", "gateway"])
async def base(llm: ScriptedLLM, request: pytest.FixtureRequest) -> AsyncIterator[Bases]:
    """The LLM itself, and through a gateway in which nothing fires."""
    if request.param == "direct":
        yield Bases(llm.openai_url, llm.anthropic_url, llm.google_url, llm.ollama_url)
        return
    async with Gateway(gateway_config(llm), surroundings={}) as gateway:
        at = gateway.environment()
        yield Bases(
            at["OPENAI_BASE_URL"],
            at["ANTHROPIC_BASE_URL"],
            at["GOOGLE_GEMINI_BASE_URL"],
            at["OLLAMA_HOST"],
        )


@pytest.fixture
def schema() -> dict[str, Any]:
    """The JSON Schema of the tool ``weather``."""
    return SCHEMA
