"""The user's own templates, used as text."""

from __future__ import annotations

from random import Random

from flakestorm.model.mutation import Kind
from flakestorm.mutations.config import PLACEHOLDER
from flakestorm.mutations.edits import around
from flakestorm.mutations.registry import Draft, Source, operator


@operator("custom", "template", Kind.USER)
def template(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port of operators
    """Puts the golden prompt into one of the user's templates."""
    before, found, after = source.template.partition(PLACEHOLDER)
    if not found:
        return None
    return around(source.text, before, after.replace(PLACEHOLDER, source.text))
