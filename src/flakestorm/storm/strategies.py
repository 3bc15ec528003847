"""A strategy for hypothesis: mutations of a prompt, found and reduced like any other input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

MOST = 200
"""So many different mutations are drawn from; the first ones are the simplest example."""


def mutated(
    prompt: str, types: Sequence[str] = (), intensity: float = 0.3, seed: int = 42
) -> SearchStrategy[Mutation]:
    """Mutations of ``prompt``: ``.text`` is what to send. Raises ``UsageError`` without hypothesis."""
    try:
        from hypothesis import strategies
    except ImportError:
        raise UsageError("mutated() makes a strategy for hypothesis: pip install hypothesis") from None
    chosen: dict[str, Any] = {"types": tuple(types)} if types else {}
    section = MutationsConfig(count=MOST, intensity=intensity, **chosen)
    golden = GoldenPrompt((prompt,))
    return strategies.sampled_from(list(Mutator(section, seed, False, (golden,)).mutations(golden)))
