"""A trial: one invocation to make."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import identifier

NO_CHAOS = "no-chaos"
"""The empty scenario: nothing in the environment is disturbed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Golden prompt × mutation (or none) × scenario × repeat number (from 0).

    ``id`` depends on these alone, never on order or time, so the same trial has the same id in two runs.
    """

    id: str
    prompt: GoldenPrompt
    mutation: Mutation | None = None
    scenario: str = NO_CHAOS
    repeat: int = 0

    @classmethod
    def of(
        cls, prompt: GoldenPrompt, mutation: Mutation | None = None, scenario: str = NO_CHAOS, repeat: int = 0
    ) -> Trial:
        """The trial with its id computed."""
        mutated = mutation.identity if mutation else ()
        return cls(identifier(prompt.id, scenario, repeat, *mutated), prompt, mutation, scenario, repeat)

    @property
    def is_control(self) -> bool:
        """True for the control arm: nothing is disturbed."""
        return self.mutation is None and self.scenario == NO_CHAOS

    @property
    def turns(self) -> tuple[str, ...]:
        """What is sent, turn by turn."""
        return self.mutation.turns if self.mutation else self.prompt.turns

    @property
    def kind(self) -> Kind:
        """What happened to the meaning of the prompt."""
        return self.mutation.kind if self.mutation else Kind.PRESERVES_MEANING
