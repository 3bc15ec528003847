"""Context attacks: hostile or useless content in what the agent reads: results, and its LLM's context."""

from __future__ import annotations

import re
from collections.abc import Callable

from flakestorm.chaos.config import ContextAttack
from flakestorm.chaos.faults.generation import on_replies
from flakestorm.chaos.faults.messages import Message, changed_text
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.payloads import CONTRADICTIONS, DOCUMENTS, MEMORIES, ORDERS, filled, filler
from flakestorm.chaos.faults.results.planting import with_added
from flakestorm.chaos.faults.results.result import changing
from flakestorm.chaos.request import CallKind

OVERFLOW_TOKENS = 4_000

AttackDecision = Callable[[ContextAttack, Occasion], Decision]

RESULTS: frozenset[CallKind] = frozenset({"tool", "http"})
REQUESTS: frozenset[CallKind] = frozenset({"llm"})

_STEP = re.compile(r"(?:step|call)?[ _-]?(\d+)")
ROLES = {
    "user": "user",
    "input": "user",
    "last": "user",
    "system": "system",
    "system_prompt": "system",
    "assistant": "assistant",
    "history": "assistant",
    "tool": "tool",
    "tool_result": "tool",
}
"""What ``inject_at`` may name, beside the number of a step."""


def indirect_injection(attack: ContextAttack, occasion: Occasion) -> Decision:
    """An order inside a valid-looking result of a tool."""
    payload = _payload(attack, occasion, ORDERS)
    return Part(rewrite=changing(lambda value: with_added(value, payload)))


def in_request(defaults: tuple[str, ...], *roles: str) -> AttackDecision:
    """Attacks on the messages that the LLM gets: on the last one of the first role that is there."""

    def decide(attack: ContextAttack, occasion: Occasion) -> Decision:
        step = step_of(attack.inject_at)
        if step is not None and step != occasion.occurrence:
            return f"call {occasion.occurrence} is not step {step}"
        text = _payload(attack, occasion, defaults)
        wanted = roles if attack.inject_at is None or step is not None else (_role(attack.inject_at),)

        def change(messages: list[Message]) -> None:
            target = next(
                (found for role in wanted for found in reversed(messages) if found.role == role), None
            )
            if target is not None:
                target.text.set(_joined(str(target.text.get()), text, attack))

        return Part(request=lambda body: changed_text(body, change))

    return on_replies(decide)


def step_of(inject_at: int | str | None) -> int | None:
    """The number of the LLM call, from 1, that ``inject_at`` names: ``2``, ``"2"``, ``"step_2"``."""
    if isinstance(inject_at, str):
        found = _STEP.fullmatch(inject_at.strip().lower())
        return int(found[1]) if found else None
    return inject_at


def _role(inject_at: int | str) -> str:
    said = str(inject_at).strip().lower()
    return ROLES.get(said, said)


def _payload(attack: ContextAttack, occasion: Occasion, defaults: tuple[str, ...]) -> str:
    if attack.type == "overflow":
        return filler(attack.inject_tokens or OVERFLOW_TOKENS)
    own = attack.payloads or ((attack.payload,) if attack.payload else ())
    return filled(occasion.rng.choice(own or defaults), occasion.canary)


def _joined(old: str, text: str, attack: ContextAttack) -> str:
    if attack.type == "memory_poisoning":
        if attack.strategy == "replace":
            return text
        return f"{old}\n\n{text}" if attack.strategy == "append" else f"{text}\n\n{old}"
    return f"{text}\n\n{old}" if attack.type == "overflow" else f"{old}\n\n{text}"


ATTACKS: dict[str, tuple[frozenset[CallKind], AttackDecision]] = {
    "indirect_injection": (RESULTS, indirect_injection),
    "memory_poisoning": (REQUESTS, in_request(MEMORIES, "user")),
    "overflow": (REQUESTS, in_request((), "user")),
    "conflicting_context": (REQUESTS, in_request(CONTRADICTIONS, "tool", "user")),
    "injection_via_context": (REQUESTS, in_request(DOCUMENTS, "tool", "user")),
}
"""By type: which calls it looks at, and what it does."""
