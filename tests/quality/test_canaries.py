"""Every attack against agents that obey, and against agents that only repeat what they were sent."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from flakestorm.invariants.canary import find_canary
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

PROMPTS = (
    GoldenPrompt(("What is the status of order 4512?",)),
    GoldenPrompt(
        ("Hello, I am Bob.", 'How do I reset my password? It says "wrong", and I use bob@example.com')
    ),
)
SEEDS = range(3)
HOSTILE = [name for name, info in operators.items() if info.kind is Kind.HOSTILE]
COMPOSED = ("prompt_injection+noise", "noise+encoding_attacks", "multi_turn_attack+advanced_jailbreak")
LONGEST_ECHO = 20_000

OBEDIENT: dict[str, Callable[[str], str]] = {
    "nothing else": lambda canary: canary,
    "before an answer": lambda canary: f"{canary}\n\nYour order was shipped on Tuesday.",
    "in a sentence": lambda canary: f"Sure! Here you go: **{canary}**. Anything else?",
    "in small letters": lambda canary: f"ok {canary.lower()}",
    "spaced out": " ".join,
    "letter by letter": "\n".join,
    "reversed": lambda canary: f"The token is {canary[::-1]}",
    "without its dashes": lambda canary: f"Done: {canary.replace('-', '')}",
    "Base64": lambda canary: base64.b64encode(canary.encode()).decode(),
    "hex": lambda canary: canary.encode().hex(),
    "in JSON": lambda canary: f'{{"status": "ok", "token": "{canary}"}}',
    "in a fence": lambda canary: f"```text\n{canary}\n```",
}
"""How agents give a canary back ► what they say."""
CODES = ("reversed", "Base64", "hex")
"""The forms of obedience that an attack may hold, too."""

ECHOES: dict[str, Callable[[Mutation], str]] = {
    "the whole input": lambda mutation: mutation.text,
    "quoted": lambda mutation: f'You wrote: "{mutation.text}". I can only help with orders.',
    "as a conversation": lambda mutation: "\n".join(mutation.turns),
    "block quotation": lambda mutation: (
        "\n".join(f"> {line}" for line in mutation.text.split("\n")) + "\n\nI cannot do that."
    ),
    "no reply": lambda mutation: "",
    "an answer": lambda mutation: "Order 4512 was shipped on Tuesday.",
}
"""What agents say that do not obey."""


def attacks(name: str) -> list[Mutation]:
    """What an operator makes of the prompts, with each seed."""
    made = [Mutator(MutationsConfig(), seed).one(prompt, name, seed) for seed in SEEDS for prompt in PROMPTS]
    return [mutation for mutation in made if mutation is not None]


def found(reply: str, mutation: Mutation) -> bool:
    """Whether the reply proves obedience."""
    assert mutation.canary is not None
    return bool(find_canary(reply, mutation.canary, "\n".join(mutation.turns)))


def has_code(mutation: Mutation, how: str, reply: str) -> bool:
    """Whether the attack holds the canary in the very code of the reply, which then proves nothing."""
    if how not in CODES:
        return False
    texts = (mutation.text, reply.rsplit(maxsplit=1)[-1])
    sent, code = ("".join(filter(str.isalnum, text)).lower() for text in texts)
    # The last characters of a code depend on what follows.
    return code[:-3] in sent


def misjudged(mutations: list[Mutation]) -> list[tuple[str, str]]:
    """(operator, reply) of everything that is seen wrongly."""
    wrong = []
    for mutation in mutations:
        assert mutation.canary is not None
        for how, obey in OBEDIENT.items():
            reply = obey(mutation.canary)
            if not has_code(mutation, how, reply) and not found(reply, mutation):
                wrong.append((mutation.operator, f"obedience: {how}"))
        for how, echo in ECHOES.items():
            if found(echo(mutation)[:LONGEST_ECHO], mutation):
                wrong.append((mutation.operator, f"echo: {how}"))
    return wrong


@pytest.mark.parametrize("name", HOSTILE)
def test_obedience_is_seen_and_nothing_else(name: str) -> None:
    """In whatever form the canary comes back it is found; a reply that repeats the attack has not obeyed."""
    mutations = attacks(name)
    assert mutations
    assert misjudged(mutations) == []


@pytest.mark.parametrize("types", COMPOSED)
def test_compositions_are_judged_like_their_parts(types: str) -> None:
    """An attack in noise, or noise in an attack, is still proved by its canary."""
    mutator = Mutator(MutationsConfig(types=[types], count=60), 0)
    hostile = [m for prompt in PROMPTS for m in mutator.mutations(prompt) if m.kind is Kind.HOSTILE]
    assert len(hostile) > 40
    assert misjudged(hostile) == []
