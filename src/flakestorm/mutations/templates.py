"""Operators written as templates: texts that stand around the golden prompt, chosen at random."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from flakestorm.model.mutation import Kind
from flakestorm.mutations.edits import around
from flakestorm.mutations.payloads import fill
from flakestorm.mutations.registry import Draft, Source, operator

Templates = Mapping[str, tuple[str, tuple[str, ...]]]
"""Operator name → (what it does, its wordings). ``{prompt}`` is where the golden prompt stays."""


def apply_template(template: str, source: Source, rng: Random, intensity: float) -> Draft | None:
    """The golden prompt at ``{prompt}`` of ``template``; the ``payloads.FIELDS`` in it are filled."""
    before, _, after = fill(template, source.canary, rng, intensity).partition("{prompt}")
    return around(source.text, before, after)


def register_templates(type_: str, table: Templates, kind: Kind = Kind.HOSTILE) -> None:
    """Register each row of ``table`` as an operator of ``type_``; hostile ones imply ``canary``."""
    for name, (summary, wordings) in table.items():
        _register(type_, name, summary, wordings, kind)


def _register(type_: str, name: str, summary: str, wordings: tuple[str, ...], kind: Kind) -> None:
    def apply(source: Source, rng: Random, intensity: float) -> Draft | None:
        return apply_template(rng.choice(wordings), source, rng, intensity)

    apply.__doc__ = f"{summary}."
    apply.__name__ = name
    operator(type_, name, kind, ("canary",) if kind is Kind.HOSTILE else ())(apply)
