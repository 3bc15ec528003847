"""How many mutations a second one core makes, by family and for everything together."""

from __future__ import annotations

import sys
from time import process_time

from flakestorm.loop import rarely_collecting
from flakestorm.model.mutation import Kind
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

PROMPTS = (
    "I want to buy 3 large tickets for 5 May 2024. Can you help me with the payment of $20? It is rather",
    "If my package is late, tell me about the colour options for the sofa that I ordered last week, please",
)
"""About a hundred characters, to which each prompt adds its number."""
EACH = 100
"""Mutations of each prompt."""
FEW = 20
"""The same where a single family makes them all."""
REPEATS = 4
TEMPLATES = {
    "lawyer": "As my lawyer says: {prompt}",
    "urgent": "{prompt} It is urgent.",
    "hm": "Hm. {prompt}",
}


def rate(types: tuple[str, ...], prompts: int, each: int = EACH, first: int = 0) -> float:
    """Mutations of ``types`` a second of processor time, ``each`` of every one of ``prompts`` prompts."""
    config = MutationsConfig(types=types, count=each, custom_templates=TEMPLATES)
    mutator = Mutator(config, seed=0)
    varied = [GoldenPrompt((f"{PROMPTS[n % len(PROMPTS)]} ({n})",)) for n in range(first, first + prompts)]
    made = 0
    start = process_time()
    for prompt in varied:
        made += sum(1 for _ in mutator.mutations(prompt))
    return made / (process_time() - start)


def best(types: tuple[str, ...], prompts: int, each: int = EACH) -> float:
    """The best of several rates, each with prompts of its own: other work on the machine only slows down."""
    return max(rate(types, prompts, each, part * prompts) for part in range(REPEATS))


def main(prompts: int = 30) -> None:
    """Print the total of everything that changes the text, then each family, with so many ``prompts``."""
    kinds: dict[str, set[Kind]] = {}
    for name, info in operators.items():
        kinds.setdefault(name.partition(".")[0], set()).add(info.kind)
    types = tuple(type_.value for type_ in MutationType if type_.value in kinds)
    texts = tuple(type_ for type_ in types if kinds[type_] - {Kind.PROTOCOL})
    with rarely_collecting():  # as in a run
        rate(types, 5)  # reads the word lists, which a run does once
        families = "  ".join(f"{type_} {best((type_,), prompts, FEW):,.0f}" for type_ in types)
        print(f"mutations/s: total {best(texts, prompts):,.0f} (aim: 20,000 on an idle core)  {families}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
