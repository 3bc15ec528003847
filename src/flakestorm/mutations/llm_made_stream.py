"""Variants that a language model wrote, as mutations among those of the built-in operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from flakestorm.model.mutation import Edit, Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt

Variants = Mapping[str, Mapping[str, Sequence[str]]]
"""Prompt id ► operator (such as ``paraphrase.llm``) ► texts. Plain data, stored with the run."""


def llm_made(
    prompt: GoldenPrompt, type_: str, variants: Variants, seed: int, intensity: float
) -> Iterator[Mutation]:
    """The mutations of ``type_`` that a model wrote for ``prompt``, the operators in turn."""
    kind = Kind.USER if type_ == "custom" else Kind.PRESERVES_MEANING
    of_type = {
        operator: texts
        for operator, texts in variants.get(prompt.id, {}).items()
        if operator.partition(".")[0] == type_
    }
    rounds = zip_longest(*([(operator, text) for text in texts] for operator, texts in of_type.items()))
    for pair in chain.from_iterable(rounds):
        if pair is not None:
            operator, text = pair
            edits = (Edit(0, len(prompt.text), text),)
            turns = (*prompt.turns[:-1], text)
            yield Mutation(type_, operator, turns, kind, seed, intensity, edits)


def mixed(written: Iterator[Mutation], builtin: Iterator[Mutation], share: float) -> Iterator[Mutation]:
    """Both streams in one: ``share`` (0–1) of each beginning is ``written``, for as long as there is any."""
    made = taken = 0
    while True:
        wants = taken < share * (made + 1)
        mutation = next(written, None) if wants else None
        if mutation is not None:
            taken += 1
        else:
            mutation = next(builtin, None)
        if mutation is None:
            # The operators have no more: what the model wrote beyond its share fills up.
            yield from written
            return
        made += 1
        yield mutation
