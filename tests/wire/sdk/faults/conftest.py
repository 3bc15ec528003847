"""A gateway whose faults fire, in front of the scripted LLM; and what a client makes of them, in one line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from flakestorm.chaos.config import Faults, GatewayConfig
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.gateway.gateway import Gateway
from flakestorm.chaos.traffic import Traffic
from flakestorm.model.outcome import Call
from flakestorm.testing import Reply, Rule, ScriptedLLM, ToolCall

TEXT = "Hello there, grüß dich!"
PATIENT_S = 20.0
IMPATIENT_S = 0.7
HANGING = ("timeout", "stall")
"""Modes in which a client waits until its own limit."""
OPTIONS: dict[str, dict[str, Any]] = {
    "timeout": {"delay_ms": 60_000},
    "slow_first_token": {"delay_ms": 20},
    "slow_tokens": {"delay_ms": 5},
    "stall": {"after_chunks": 3},
    "stream_cut": {"after_chunks": 3},
    "silent_truncation": {"after_chunks": 3},
    "bandwidth": {"bytes_per_s": 100_000},
    "status": {"status": 418},
    "truncated_response": {"max_tokens": 2},
    "response_drift": {"drift_type": "tone_shift"},
}


@dataclass
class Disturbed:
    """One trial: ``at`` are the agent's environment variables, ``tools`` whether it offers its tool."""

    at: dict[str, str]
    traffic: Traffic
    timeout_s: float = PATIENT_S
    prompt: str = "hello"
    schema: dict[str, Any] | None = None
    left: list[Call] = field(default_factory=list)

    def calls(self) -> list[Call]:
        """What was called; a call under way counts as ended now."""
        self.left = self.left or list(self.traffic.calls())
        return self.left

    def fired(self) -> tuple[str, ...]:
        """The faults that fired, over all calls."""
        return tuple(name for call in self.calls() for name in call.fired)


Disturb = Callable[..., AbstractAsyncContextManager[Disturbed]]


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """Says a text, and calls the tool when the weather is asked for."""
    rules = [
        Rule("weather", Reply("Let me see.", tool_calls=(ToolCall("weather", {"city": "Oslo"}),))),
        Rule("hello", TEXT),
    ]
    async with ScriptedLLM(rules) as running:
        yield running


@pytest.fixture
def disturb(llm: ScriptedLLM, schema: dict[str, Any]) -> Disturb:
    """A trial in which ``mode`` is done to every LLM call, with the options that the tests here share."""

    @asynccontextmanager
    async def disturbed(mode: str, **options: Any) -> AsyncIterator[Disturbed]:
        fault = {"mode": mode, **(options or OPTIONS.get(mode, {}))}
        # Validated as a configuration is, so that options that mean nothing would be refused.
        faults = Faults.model_validate({"llm_faults": [fault]})
        config = GatewayConfig(
            upstreams={
                "openai": llm.openai_url,
                "anthropic": llm.anthropic_url,
                "google": llm.google_url,
                "ollama": llm.ollama_url,
            }
        )
        traffic = Traffic("trial", FaultEngine(faults, 7, "trial"))
        async with Gateway(config, surroundings={}) as gateway:
            gateway.enter(traffic)
            about_tools = "tool" in mode
            yield Disturbed(
                gateway.environment(),
                traffic,
                IMPATIENT_S if mode in HANGING else PATIENT_S,
                "What is the weather?" if about_tools else "hello",
                schema if about_tools else None,
            )
            gateway.leave(traffic)

    return disturbed


@pytest.fixture
def outcome() -> Callable[[Awaitable[str]], Awaitable[str]]:
    """What became of a call: what it says, or the client's exception with its status."""

    async def told(asked: Awaitable[str]) -> str:
        try:
            return await asked
        except Exception as error:  # noqa: BLE001 - which one it is, is the question
            status = getattr(error, "status_code", None) or getattr(error, "status", None)
            code = getattr(error, "code", None) if isinstance(status, str) else None
            return " ".join(str(part) for part in (type(error).__name__, code, status) if part)

    return told


@pytest.fixture
def check(outcome: Callable[[Awaitable[str]], Awaitable[str]]) -> Callable[..., Awaitable[None]]:
    """What is asked comes out as ``expected``; where that is ``-`` the fault must not claim to have fired."""

    async def checked(trial: Disturbed, mode: str, asked: Awaitable[str], expected: str, calm: str) -> None:
        told = await outcome(asked)
        if expected == "-":
            assert (told, trial.fired()) == (calm, ())
        else:
            assert (told, trial.fired()) == (expected, (mode,))

    return checked


@pytest.fixture
def line() -> Callable[..., str]:
    """An answer in one line: its text, its tool calls, and how it says that it ended."""

    def written(text: str | None, calls: list[tuple[str, Any]], *ending: object) -> str:
        # Garbage and the like differ in every seed.
        said = "other words" if len(text or "") > len(TEXT) + len("Hello ") else repr(text)
        made = [f"{name}({_arguments(arguments)})" for name, arguments in calls]
        return " ".join([said, *made, *(str(part) for part in ending)])

    return written


def _arguments(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)
