"""Everything that can be done to an agent's surroundings, as entries to list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from random import Random
from typing import Any, Literal

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.explanations import ATTACKS, LLM, TOOLS, Explanation
from flakestorm.chaos.faults.llm_modes import LLM_FAULTS
from flakestorm.chaos.faults.part import Occasion, Part
from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, TOOL_MODES
from flakestorm.chaos.profiles import load_profile, profile_names
from flakestorm.chaos.request import CallRequest, Provider

Kind = Literal["llm fault", "tool fault", "context attack", "profile"]

PROVIDERS: tuple[Provider, ...] = ("openai", "responses", "anthropic", "google", "ollama")


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault, attack or profile. ``statuses`` has the status of a made-up answer by provider."""

    kind: Kind
    name: str
    group: str
    does: str
    sees: str = ""
    options: tuple[str, ...] = ()
    statuses: tuple[tuple[str, int], ...] = ()
    faults: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "kind": self.kind,
            "name": self.name,
            "group": self.group,
            "does": self.does,
            "sees": self.sees,
            "options": list(self.options),
            "statuses": dict(self.statuses),
            "faults": list(self.faults),
        }


def catalogue() -> tuple[Entry, ...]:
    """All faults, attacks and profiles, in the order of their tables."""
    return (
        *_entries("llm fault", LLM_MODES, LLM),
        *_entries("tool fault", TOOL_MODES, TOOLS),
        *_entries("context attack", ATTACK_TYPES, ATTACKS),
        *(_profile(name) for name in profile_names()),
    )


def _entries(
    kind: Kind, modes: Mapping[str, frozenset[str]], explained: Mapping[str, Explanation]
) -> Iterator[Entry]:
    for name in explained:
        told = explained[name]
        statuses = _statuses(name) if kind == "llm fault" else ()
        options = tuple(
            sorted(modes[name] | ({"trigger_probability"} if kind == "context attack" else set()))
        )
        yield Entry(kind, name, told.group, told.does, told.sees, options, statuses)


def _statuses(mode: str) -> tuple[tuple[str, int], ...]:
    """What each provider's answer has as its status, seen by asking for one."""
    if mode in ("status", "stale"):
        return ()
    found = []
    for provider in PROVIDERS:
        request = CallRequest("llm", "model", provider)
        occasion = Occasion(request, Random(0), "", "", datetime(2026, 1, 1, tzinfo=timezone.utc), 1)
        decision = LLM_FAULTS[mode](LlmFault(mode=mode), occasion)
        if isinstance(decision, Part) and decision.answer is not None:
            found.append((str(provider), decision.answer.status))
    return tuple(found)


def _profile(name: str) -> Entry:
    scenario = load_profile(name)
    faults = (
        *(f"llm: {fault.mode}" for fault in scenario.llm_faults),
        *(f"tool: {fault.mode}" for fault in scenario.tool_faults),
        *(f"context: {attack.type}" for attack in scenario.context_attacks),
    )
    return Entry("profile", name, "profile", scenario.description, faults=tuple(dict.fromkeys(faults)))
