"""American and British spelling."""

from __future__ import annotations

from functools import cache, lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording, in_case_of


@cache
def _spellings() -> tuple[dict[str, str], dict[str, str]]:
    """American → British, and British → American."""
    british: dict[str, str] = {}
    # A list read both ways holds each pair twice, the American form first the first time.
    for american, other in tables.pairs("spelling"):
        if british.get(other) != american:
            british[american] = other
    return british, {other: american for american, other in british.items()}


@lru_cache(maxsize=64)
def _sites(wording: Wording, to_american: bool) -> Options:
    spellings = _spellings()[to_american]
    return tuple(
        (Edit(word.start, word.end, in_case_of(word.text, spellings[word.lower])),)
        for word in wording.words
        if word.lower in spellings
    )


@operator("paraphrase", "uk_spelling", Kind.PRESERVES_MEANING)
def uk_spelling(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes American words the British way: "color" as "colour"."""
    return choose(rng, _sites(source.wording, False), intensity)


@operator("paraphrase", "us_spelling", Kind.PRESERVES_MEANING)
def us_spelling(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes British words the American way: "colour" as "color"."""
    return choose(rng, _sites(source.wording, True), intensity)
