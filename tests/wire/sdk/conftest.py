"""An LLM behind every official client, and the rules that all tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

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


@pytest.fixture(params=["direct"])
async def base(llm: ScriptedLLM, request: pytest.FixtureRequest) -> Bases:
    """The LLM itself."""
    return Bases(llm.openai_url, llm.anthropic_url, llm.google_url, llm.ollama_url)


@pytest.fixture
def schema() -> dict[str, Any]:
    """The JSON Schema of the tool ``weather``."""
    return SCHEMA
