"""The faults of an exploration: which fit a call, and the scenario that puts them there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from random import Random
from typing import Any

import orjson

from flakestorm.chaos.config import ContextAttack, LlmFault, Scenario, ToolFault
from flakestorm.chaos.explanations import ATTACKS, LLM, TOOLS
from flakestorm.chaos.faults.context_attacks import ATTACKS as ATTACK_DECISIONS
from flakestorm.chaos.faults.context_attacks import REQUESTS
from flakestorm.chaos.faults.llm_modes import LLM_FAULTS
from flakestorm.chaos.faults.part import Occasion
from flakestorm.chaos.faults.rules import TUNNEL_MODES
from flakestorm.chaos.faults.streams import FIRST_TOKEN_MS
from flakestorm.chaos.faults.transport import HANG_MS, SLOW_MS
from flakestorm.chaos.modes import LLM_MODES, TOOL_MODES
from flakestorm.chaos.recognition import recognised
from flakestorm.chaos.request import CallRequest
from flakestorm.model.fault_point import CallPosition, FaultPoint, points_in
from flakestorm.model.outcome import KEPT_CHARACTERS, Call

CONTEXT = "context"
"""The family of the context attacks."""

DRIFTS = ("verbosity_shift", "json_field_rename", "format_change", "refusal_rephrase", "tone_shift")

_VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "response_drift": {drift: {"drift_type": drift} for drift in DRIFTS},
    "html_error": {"502": {"status": 502}, "200": {"status": 200}},
    "auth_error": {"401": {"status": 401}, "403": {"status": 403}},
}
"""Modes of which one example does not stand for all."""

_NOT_EXPLORED = frozenset({"status"})
"""It has no meaning of its own: each status that has one is another mode."""

LATE_MS = {"slow": SLOW_MS, "slow_first_token": FIRST_TOKEN_MS}
"""The faults that only make an answer late. They show, harmlessly, whether an agent that waits holds up the
whole process."""
SHARE_OF_DEADLINE = 4
"""An answer may be so late that a few of them still come before the agent's deadline."""
BEYOND_MS = 2000
"""So much longer than the deadline a call hangs."""

_OF_TOOL_CALLS = frozenset({"malformed_tool_args", "unknown_tool", "wrong_tool", "duplicate_tool_call"})
_TOOL_CALLS = ("tool_calls", "tool_use", "function_call", "functionCall")
"""A reply that asks for tools has one of these words in it, whichever API it is of."""


@dataclass(frozen=True, slots=True)
class Explored:
    """A fault as it is explored: ``family`` is where it acts, ``place`` its rank in the catalogue."""

    label: str
    mode: str
    family: str
    place: int
    options: Mapping[str, Any] = field(default_factory=dict)
    is_attack: bool = False


def _explored(modes: Mapping[str, str], attacks: Mapping[str, str]) -> dict[str, Explored]:
    """Label → fault, for modes (with their families) and attacks."""
    found: dict[str, Explored] = {}
    for mode, family in modes.items():
        for variant, options in _VARIANTS.get(mode, {"": {}}).items():
            label = f"{mode} {variant}".strip()
            found[label] = Explored(label, mode, family, len(found), options)
    for mode, family in attacks.items():
        found[mode] = Explored(mode, mode, family, len(found), is_attack=True)
    return found


def _attacks(on_requests: bool) -> dict[str, str]:
    return {name: CONTEXT for name in ATTACKS if (ATTACK_DECISIONS[name][0] == REQUESTS) == on_requests}


_LLM = _explored({m: LLM[m].group for m in LLM_MODES if m not in _NOT_EXPLORED}, _attacks(on_requests=True))
_TOOL = _explored({mode: TOOLS[mode].group for mode in TOOL_MODES}, _attacks(on_requests=False))
_OF_KIND = {"llm": _LLM, "tool": _TOOL, "http": _TOOL}


def explored(point: FaultPoint) -> Explored | None:
    """The fault that ``point`` names; None for one that is not explored."""
    return _OF_KIND[point.position.kind].get(point.fault)


def described(point: FaultPoint) -> tuple[int, str]:
    """The place of a point's fault in the catalogue, and its family; unknown ones come last."""
    fault = explored(point)
    return (len(_LLM), "unknown") if fault is None else (fault.place, fault.family)


def applicable(call: Call, number: int) -> Iterator[Explored]:
    """The faults that can do something to ``call``, the ``number``-th of its kind and name."""
    for fault in _OF_KIND.get(call.kind, {}).values():
        if call.kind == "llm":
            fits = _fits_llm(fault, call, number)
        else:
            fits = call.method != "CONNECT" or fault.mode in TUNNEL_MODES
        if fits and not (fault.mode == "stale" and number == 1):
            yield fault


def _fits_llm(fault: Explored, call: Call, number: int) -> bool:
    if fault.mode in _OF_TOOL_CALLS:
        whole = len(call.received) < KEPT_CHARACTERS
        if whole and not any(word in call.received for word in _TOOL_CALLS):
            return False
    # The faults themselves know which calls they are for: streams, replies, providers with such an error.
    body = orjson.dumps({"model": call.name, "stream": call.stream})
    request = recognised(call.method, call.url, {}, body)
    if request.kind != "llm":
        request = CallRequest("llm", call.name, "openai", call.method, call.url, stream=call.stream)
    occasion = Occasion(request, Random(0), "", "", datetime(2026, 1, 1, tzinfo=timezone.utc), number)
    if fault.is_attack:
        decision = ATTACK_DECISIONS[fault.mode][1](ContextAttack(type=fault.mode), occasion)
    elif fault.mode == "stale":
        return True
    else:
        decision = LLM_FAULTS[fault.mode](LlmFault(mode=fault.mode, **fault.options), occasion)
    return not isinstance(decision, str)


def scenario_of(name: str, deadline_ms: int) -> Scenario | None:
    """The scenario that a name of the fault space describes; None for any other name.

    By ``deadline_ms``, the agent's, it is known how long calls have to hang, and how late they may be.
    """
    points = [(point, explored(point)) for point in points_in(name)]
    faults: dict[str, list[LlmFault | ToolFault | ContextAttack]] = {}
    for point, fault in points:
        if fault is None:
            return None
        section, made = _fault(point.position, fault, deadline_ms)
        faults.setdefault(section, []).append(made)
    return Scenario.model_validate({"name": name, **faults}) if points else None


def _fault(
    at: CallPosition, fault: Explored, deadline_ms: int
) -> tuple[str, LlmFault | ToolFault | ContextAttack]:
    """The section of the configuration, and the fault in it."""
    when: dict[str, Any] = {} if at.number is None else {"on_calls": (at.number,)}
    if fault.mode == "timeout":
        # Beyond the deadline nothing more is seen, and blocking code cannot be interrupted.
        when["delay_ms"] = min(deadline_ms + BEYOND_MS, HANG_MS)
    elif fault.mode in LATE_MS:
        when["delay_ms"] = min(deadline_ms // SHARE_OF_DEADLINE, LATE_MS[fault.mode])
    name = _literally(at.name) or "*"
    if fault.is_attack:
        side = "model" if at.kind == "llm" else "tool"
        return "context_attacks", ContextAttack(type=fault.mode, **{side: name}, **when)
    if at.kind == "llm":
        return "llm_faults", LlmFault(mode=fault.mode, model=name, **when, **fault.options)
    # What is no tool has the name of its host, and is matched by its address.
    where = {"match_url": f"*://{name}[:/]*"} if at.kind == "http" else {"tool": name}
    return "tool_faults", ToolFault(mode=fault.mode, **where, **when, **fault.options)


def _literally(name: str) -> str:
    """A glob that matches ``name`` and nothing else."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
