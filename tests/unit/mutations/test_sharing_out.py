"""Golden prompts share the operators out, so that few calls reach many of them."""

from __future__ import annotations

from itertools import islice

import pytest

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

PROMPTS = tuple(GoldenPrompt((f"Could you please tell me when order {n}12 arrives?",)) for n in range(10, 18))
INJECTIONS = [name for name, info in operators.items() if info.type == "prompt_injection"]


def reached(prompts: tuple[GoldenPrompt, ...], each: int, known: bool = True, seed: int = 0) -> set[str]:
    """The operators of one type that ``each`` mutations of every prompt come from."""
    config = MutationsConfig(count=each, types=["prompt_injection"])
    mutator = Mutator(config, seed, prompts=prompts if known else ())
    return {mutation.operator for prompt in prompts for mutation in mutator.mutations(prompt)}


@pytest.mark.parametrize("number", [2, 4, 8])
def test_as_many_mutations_as_operators_reach_nearly_all(number: int) -> None:
    """Prompts that know of each other overlap little; prompts apart leave out a third."""
    each = -(-len(INJECTIONS) // number)
    for seed in range(5):
        assert len(reached(PROMPTS[:number], each, seed=seed)) >= 0.9 * len(INJECTIONS)
    apart = sum(len(reached(PROMPTS[:8], -(-len(INJECTIONS) // 8), False, seed)) for seed in range(5)) / 5
    assert apart < 0.8 * len(INJECTIONS)


def test_a_prompt_that_joins_changes_nothing_for_the_others() -> None:
    """Runs before and after a golden prompt was added can be compared trial by trial."""
    config = MutationsConfig(count=30)
    before = Mutator(config, 3, prompts=PROMPTS[:3])
    after = Mutator(config, 3, prompts=PROMPTS)
    for prompt in PROMPTS[:3]:
        assert list(before.mutations(prompt)) == list(after.mutations(prompt))


def test_a_heavier_operator_still_comes_earlier() -> None:
    """Over many prompts an operator of double weight is among the first more often."""
    many = tuple(GoldenPrompt((f"When does my parcel number {n} arrive at home?",)) for n in range(64))
    mutator = Mutator(MutationsConfig(count=10, types=["noise"]), 0, prompts=many)
    first = [mutation.operator for prompt in many for mutation in islice(mutator.mutations(prompt), 10)]
    heavy = [name for name, info in operators.items() if info.type == "noise" and info.weight == 2]
    light = [name for name, info in operators.items() if info.type == "noise" and info.weight == 1]
    mean = {id(names): sum(map(first.count, names)) / len(names) for names in (heavy, light)}
    assert mean[id(heavy)] > 1.3 * mean[id(light)]


def test_an_unknown_prompt_has_mutations_too() -> None:
    """A prompt that the run does not list begins somewhere of its own, the same place every time."""
    mutator = Mutator(MutationsConfig(count=20), 0, prompts=PROMPTS[:2])
    assert list(mutator.mutations(PROMPTS[5])) == list(mutator.mutations(PROMPTS[5]))
