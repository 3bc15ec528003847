"""Mutations to look at: of one prompt, and an example of every operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flakestorm.model.composition import types_in
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.choice import TEMPLATE
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import OperatorInfo, operators
from flakestorm.mutations.type_name import known_type

EXAMPLES = (
    "When does order 4512 arrive?",
    'Could you tell me when order 4512 arrives? I paid $20 on 3 March 2026. I don\'t see it at "My orders".',
    "If my flight from Rome to Oslo is late, is the café open?",
    "Please do not change the color of the 3 shirts.",
    "Cancel all three prints in colour, thank you.",
    "How do I find the cafe\u0301?",
)
"""What operators are shown with: each takes the first that it can change, as no sentence has everything."""
TEMPLATES = {"lawyer": "As my lawyer says: {prompt}"}
TRIES = 20
"""Ordinals that are tried for an operator's example before the next sentence is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An operator and what it made of ``prompt``; None when it finds nothing to change there."""

    info: OperatorInfo
    prompt: str
    example: Mutation | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, for programs."""
        info = self.info
        return {
            "operator": info.name,
            "type": info.type,
            "kind": info.kind.value,
            "description": info.summary,
            "weight": info.weight,
            "implied": list(info.implied),
            "prompt": self.prompt,
            "example": None if self.example is None else mutation_dict(self.example),
        }


def sample_mutations(prompt: str, seed: int, **settings: Any) -> tuple[list[Mutation], list[str]]:
    """Mutations of ``prompt`` and notes; ``settings`` are those of the section ``mutations``.

    Without ``types`` all but custom are taken. Raises ``UsageError`` for an unknown type.
    """
    types = known_types(settings.pop("types", None)) or [t for t in _runnable() if t != MutationType.CUSTOM]
    for type_ in types:
        if MutationType.CUSTOM in types_in(type_):
            raise UsageError(
                f"--type {type_}: your templates are in your configuration, and this command reads none. "
                "Leave it out, or see the templates at work with: flakestorm run"
            )
    mutator = Mutator(MutationsConfig(types=tuple(types), **settings), seed)
    return list(mutator.mutations(GoldenPrompt((prompt,)))), mutator.notes


def operator_samples(prompt: str | None = None, types: Sequence[str] | None = None) -> Iterator[Sample]:
    """An example of every operator of the given types (default: all), type by type.

    Without a ``prompt`` each has one that shows what it does. Raises ``UsageError`` for an unknown type.
    """
    wanted = known_types(types) or _runnable()
    mutator = Mutator(MutationsConfig(custom_templates=TEMPLATES), 0)
    prompts = [GoldenPrompt((text,)) for text in ((prompt,) if prompt else EXAMPLES)]
    for type_ in wanted:
        for name, info in operators.items():
            if info.type == type_:
                yield _sample(mutator, info, name, prompts)


def _sample(mutator: Mutator, info: OperatorInfo, name: str, prompts: Sequence[GoldenPrompt]) -> Sample:
    asked = f"custom.{next(iter(TEMPLATES))}" if name == TEMPLATE else name
    for prompt in prompts:
        for ordinal in range(TRIES):
            mutation = mutator.one(prompt, asked, ordinal)
            if mutation is not None:
                return Sample(info, prompt.text, mutation)
    return Sample(info, prompts[0].text, None)


def mutation_dict(mutation: Mutation) -> dict[str, Any]:
    """A mutation in JSON form, for programs."""
    return {
        "operator": mutation.operator,
        "type": mutation.type,
        "kind": mutation.kind.value,
        "turns": list(mutation.turns),
        "canary": mutation.canary,
        "implied": list(mutation.implied),
        "attack": None if mutation.attack is None else mutation.attack.to_dict(),
    }


def known_types(names: Sequence[str] | None) -> list[str]:
    """The types called ``names``. Raises ``UsageError`` with the nearest name for an unknown one."""
    known = []
    for name in names or ():
        try:
            known.append(known_type(name))
        except ValueError as error:
            raise UsageError(f"--type {name}: {error}") from None
    return known


def _runnable() -> list[str]:
    registered = {info.type for _, info in operators.items()}
    return [type_ for type_ in MutationType if type_.value in registered]
