"""Mutations to look at: of one prompt, and one example of every operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

EXAMPLE = (
    'Could you tell me when order 4512 arrives? I paid $20 on 3 March and I don\'t see it at "My orders".'
)
TRIES = 20
"""Ordinals that are tried for an operator's example: some find nothing to change in most sentences."""


def sample_mutations(
    prompt: str, types: Sequence[str] | None, count: int, seed: int, intensity: float
) -> tuple[list[Mutation], list[str]]:
    """Up to ``count`` mutations of ``prompt`` of the given types (default: all but custom), and notes."""
    wanted = _known(types) if types else [t for t in _runnable() if t is not MutationType.CUSTOM]
    config = MutationsConfig(count=count, types=tuple(wanted), intensity=intensity)
    mutator = Mutator(config, seed)
    return list(mutator.mutations(GoldenPrompt((prompt,)))), mutator.notes


def operator_samples(
    prompt: str | None, types: Sequence[str] | None
) -> Iterator[tuple[str, str, Mutation | None]]:
    """(name, description, example or None) of every operator of the given types (default: all)."""
    wanted = {str(type_) for type_ in (_known(types) if types else _runnable())}
    golden = GoldenPrompt((prompt or EXAMPLE,))
    mutator = Mutator(MutationsConfig(), 0)
    for name, info in operators.items():
        if info.type in wanted:
            tried = (mutator.one(golden, name, ordinal) for ordinal in range(TRIES))
            yield name, info.summary, next((mutation for mutation in tried if mutation), None)


def _runnable() -> list[MutationType]:
    registered = {info.type for _, info in operators.items()}
    return [type_ for type_ in MutationType if type_.value in registered]


def _known(names: Sequence[str]) -> list[MutationType]:
    by_name = {str(type_): type_ for type_ in MutationType}
    for name in names:
        if name not in by_name:
            hint = did_you_mean(name, by_name) or "."
            raise UsageError(
                f"--type {name}: there is no such mutation type{hint} Known: {', '.join(by_name)}"
            )
    return [by_name[name] for name in names]
