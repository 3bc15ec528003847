"""How many mutations a second one core makes, by family and for everything together."""

from __future__ import annotations

import sys
from time import process_time

from flakestorm.model.mutation_type import MutationType
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

PROMPTS = tuple(
    GoldenPrompt((text,))
    for text in (
        "What is the status of order 4512?",
        "How do I reset my password? I use bob@example.com",
        "Please summarise the refund policy in two sentences, because I don't have a lot of time.",
        "I want to buy 3 large tickets for 5 May 2024. Can you help me with the payment of $20?",
        "If my package is late, tell me about the colour options for the sofa that I ordered last week.",
    )
)
EACH = 20
TEMPLATES = {
    "lawyer": "As my lawyer says: {prompt}",
    "urgent": "{prompt} It is urgent.",
    "hm": "Hm. {prompt}",
}


def rate(types: tuple[str, ...], prompts: int, each: int = EACH) -> float:
    """Mutations of ``types`` a second, ``each`` of every one of ``prompts`` different golden prompts."""
    config = MutationsConfig(types=types, count=each, custom_templates=TEMPLATES)
    mutator = Mutator(config, seed=0)
    varied = [
        GoldenPrompt((f"{PROMPTS[number % len(PROMPTS)].text} ({number})",)) for number in range(prompts)
    ]
    made = 0
    start = process_time()
    for prompt in varied:
        made += sum(1 for _ in mutator.mutations(prompt))
    return made / (process_time() - start)


def main(prompts: int = 200) -> None:
    """Print one line: the total, then each family."""
    known = {info.type for _, info in operators.items()}
    types = tuple(type_.value for type_ in MutationType if type_.value in known)
    rate(types, 5)  # reads the word lists, which a run does once
    families = "  ".join(f"{type_} {rate((type_,), prompts):,.0f}" for type_ in types)
    total = rate(types, prompts, EACH * len(types))
    few = rate(types, prompts, len(types))
    print(f"mutations/s: total {total:,.0f} ({few:,.0f} with one of each type)  {families}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
