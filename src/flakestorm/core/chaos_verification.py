"""What faults would reach, told by ``verify`` before anybody spends a run on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from flakestorm.core.chaos_environment import Environment, open_environment
from flakestorm.core.config import FlakeStormConfig
from flakestorm.model.outcome import Call

KINDS = {"llm": "to language models", "tool": "to tools", "http": "to other addresses"}
PARTS = {"llm_faults": "LLM faults", "tool_faults": "tool faults", "context_attacks": "context attacks"}
MOST_NAMES = 5


@asynccontextmanager
async def watched_environment(
    config: FlakeStormConfig, target: object | None
) -> AsyncIterator[Environment | None]:
    """The environment of ``run --chaos``; None where the configuration says nothing about faults or tools.

    Raises ``WorkError`` when the gateway's port is taken, and ``UsageError`` for tools that cannot be loaded.
    """
    agent, chaos = config.agent, config.chaos
    if chaos is None and not (agent.tools or agent.tool_registry):
        yield None
        return
    gateway = chaos.gateway if chaos is not None else None
    async with open_environment(
        agent, gateway, config.advanced.concurrency, is_object=target is not None
    ) as environment:
        yield environment


def chaos_facts(
    config: FlakeStormConfig, environment: Environment, calls: Sequence[Call]
) -> Iterator[tuple[str, str]]:
    """(subject, sentence) pairs: what is configured, what was seen of one prompt, what reaches nothing."""
    chaos = config.chaos
    if chaos is not None and chaos.disturbed:
        counted = ", ".join(
            f"{what}: {len(getattr(chaos, key))}" for key, what in PARTS.items() if getattr(chaos, key)
        )
        yield "chaos", f"{counted}; `flakestorm run --chaos` puts them in force"
    yield "calls", _seen(calls)
    missing = environment.missing(chaos.disturbed) if chaos is not None else ""
    if missing:
        yield "unreachable", missing


def _seen(calls: Sequence[Call]) -> str:
    """Such as ``2 to language models (gpt-large), 1 to tools (search)``."""
    told = []
    for kind, where in KINDS.items():
        names = [call.name for call in calls if call.kind == kind]
        if names:
            different = list(dict.fromkeys(name for name in names if name))
            more = ", …" if len(different) > MOST_NAMES else ""
            inside = f" ({', '.join(different[:MOST_NAMES])}{more})" if different else ""
            told.append(f"{len(names)} {where}{inside}")
    return "; ".join(told) or "none was seen"
