"""What a language model is asked to write: for which types, with which task, and how many."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from flakestorm.model.mutation import Kind
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import PLACEHOLDER, MutationsConfig

LONGEST = 20_000
"""Characters. Longer golden prompts are left to the operators: writing them anew would cost a fortune."""

TASKS = {
    "paraphrase": "Say the same in other words and other sentence structures: shorter and longer, plain and "
    "elaborate, as people of different ages and backgrounds would.",
    "tone_shift": "Keep the request and change the mood of the sender, another one in each version: angry, "
    "impatient, sarcastic, anxious, over-polite, terse, chatty, formal, slangy, childlike …",
}
"""Mutation type ► what to ask for. The user's own templates are tasks of their own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Variants to ask for: of which prompt, for which operator, and how many."""

    prompt: GoldenPrompt
    operator: str
    task: str
    kind: Kind
    count: int


def wanted_variants(prompts: Iterable[GoldenPrompt], config: MutationsConfig, share: float) -> list[Wanted]:
    """What to ask a model for: ``share`` (0–1) of the mutations that its types will get, custom ones all."""
    types = [str(type_) for type_ in config.types]
    total = sum(config.weight(type_) for type_ in types)
    tasks = [
        (type_, f"{type_}.llm", TASKS[type_], Kind.PRESERVES_MEANING) for type_ in types if type_ in TASKS
    ]
    if "custom" in types:
        tasks += [
            ("custom", f"custom.{name}.llm", _custom_task(text), Kind.USER)
            for name, text in config.custom_templates.items()
        ]
    wanted = []
    for prompt in (prompt for prompt in prompts if len(prompt.text) <= LONGEST):
        for type_, operator, task, kind in tasks:
            # Every type has one turn before weights count.
            seats = 1 + config.count * config.weight(type_) / total
            seats = seats / len(config.custom_templates) if type_ == "custom" else seats * share
            wanted.append(Wanted(prompt, operator, task, kind, math.ceil(seats)))
    return wanted if share else []


def _custom_task(template: str) -> str:
    return (
        f"Follow the instruction between the lines of dashes; {PLACEHOLDER} in it stands for the message.\n"
        f"---\n{template}\n---"
    )
