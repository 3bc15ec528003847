"""A configured fault as a rule: which calls it matches, when it fires, and what it then does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial

from flakestorm.chaos.config import ContextAttack, Faults, LlmFault, ToolFault
from flakestorm.chaos.faults.conditions import Conditions, Counts
from flakestorm.chaos.faults.context_attacks import ATTACKS
from flakestorm.chaos.faults.llm_modes import LLM_FAULTS
from flakestorm.chaos.faults.part import Decision, Occasion
from flakestorm.chaos.faults.tool_modes import TOOL_FAULTS
from flakestorm.chaos.request import CallRequest

TUNNEL_MODES = frozenset({"refused", "reset", "timeout", "slow"})
"""What can be done to a connection whose content is encrypted."""


@dataclass(frozen=True)
class Rule:
    """``decide`` is asked when all ``conditions`` hold. ``counts`` belong to one trial."""

    name: str
    conditions: Conditions
    matches: Callable[[CallRequest], bool]
    decide: Callable[[Occasion], Decision]
    counts: Counts = field(default_factory=Counts)

    @property
    def needs_earlier(self) -> bool:
        """Whether the fault gives an earlier answer again."""
        return self.name == "stale"


def rules_of(faults: Faults) -> tuple[Rule, ...]:
    """The rules for one trial: faults in the order of the configuration, then the context attacks."""
    return (
        *(_llm_rule(fault) for fault in faults.llm_faults),
        *(_tool_rule(fault) for fault in faults.tool_faults),
        *(_attack_rule(attack) for attack in faults.context_attacks if attack.enabled),
    )


def _llm_rule(fault: LlmFault) -> Rule:
    def matches(request: CallRequest) -> bool:
        return (
            request.kind == "llm"
            and fnmatchcase(request.name, fault.model)
            and _url_fits(fault.match_url, request)
        )

    return Rule(fault.mode, Conditions.of(fault), matches, partial(LLM_FAULTS[fault.mode], fault))


def _tool_rule(fault: ToolFault) -> Rule:
    def matches(request: CallRequest) -> bool:
        if request.kind == "http":
            # Nobody said which tool is there, so the address has to.
            return fault.match_url is not None and _url_fits(fault.match_url, request)
        return (
            request.kind == "tool"
            and fnmatchcase(request.name, fault.tool)
            and _url_fits(fault.match_url, request)
        )

    def decide(occasion: Occasion) -> Decision:
        if occasion.request.method == "CONNECT" and fault.mode not in TUNNEL_MODES:
            return "the connection is an encrypted tunnel"
        return TOOL_FAULTS[fault.mode](fault, occasion)

    return Rule(fault.mode, Conditions.of(fault), matches, decide)


def _attack_rule(attack: ContextAttack) -> Rule:
    kinds, decide = ATTACKS[attack.type]

    def matches(request: CallRequest) -> bool:
        wanted = attack.model if request.kind == "llm" else attack.tool
        return request.kind in kinds and request.method != "CONNECT" and fnmatchcase(request.name, wanted)

    return Rule(
        attack.type,
        Conditions(attack.trigger_probability, on_calls=attack.on_calls),
        matches,
        lambda occasion: decide(attack, occasion),
    )


def _url_fits(glob: str | None, request: CallRequest) -> bool:
    return glob is None or fnmatchcase(request.url, glob)
