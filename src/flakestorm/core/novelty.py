"""How much of a mutation is new to a search: the traits that no call before showed to the agent."""

from __future__ import annotations

from collections.abc import Sequence

from flakestorm.core.traits import Trait, traits
from flakestorm.invariants.judge import SAME_ANSWER
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt

QUALITY, DEGREE, DETAIL = 1.0, 0.3, 0.1
"""What a new trait is worth: one of its own kind, one more step of a size, one more word among many."""
FADING = 0.3
"""A trait that was seen once is worth this share the next time, for it may matter where it stands."""

SIZES = ("lines", "repetition", "long word", "depth", "numbers", "before", "behind")
SMALL = ("sign", "script", "category", "lost word", "lost fifths", "first word", "last character")
DEGREES = frozenset((*SIZES, *SMALL))
IN_ANSWERS = frozenset(
    ("word", "lost word", "lost fifths", "lost number", "first word", "last character", "before", "behind")
)
"""What words a text has and has lost shows in the answer, and hardly ever in a crash."""
IN_ORDERS = frozenset(("operator", "type", "word", "shape"))
"""What tells one attempt to give orders from another."""

Weighed = tuple[tuple[tuple[str, Trait], float], ...]
"""((sense, trait), worth) of everything that a mutation would show."""


class Novelty:
    """Remembers what was shown. The same trait counts anew in each sense in which an agent can fail:

    it copes with the text or does not, it still gives the right answer or does not (where the meaning is
    kept), it obeys or does not (where the mutation is hostile).
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Trait], int] = {}

    def worth(self, weighed: Weighed) -> float:
        """What is left to be learnt from a mutation; it never grows."""
        seen = self._seen
        return sum(worth * FADING ** seen[key] if key in seen else worth for key, worth in weighed)

    def shown(self, weighed: Weighed) -> None:
        """Take note that a mutation was sent."""
        for key, _ in weighed:
            self._seen[key] = self._seen.get(key, 0) + 1


def weigh(prompt: GoldenPrompt, mutation: Mutation) -> Weighed:
    """Everything that ``mutation`` would show, in every sense in which rules could break."""
    found = sorted(traits(prompt, mutation), key=repr)
    senses: list[tuple[str, Sequence[Trait]]] = [("cope", [t for t in found if t[0] not in IN_ANSWERS])]
    if mutation.kind in SAME_ANSWER:
        senses.append(("answer", found))
    elif mutation.kind is Kind.HOSTILE:
        senses.append(("obey", [t for t in found if t[0] in IN_ORDERS]))
    return tuple(((sense, trait), _worth(trait)) for sense, some in senses for trait in some)


def _worth(trait: Trait) -> float:
    if trait[0] == "word":
        return DETAIL
    return DEGREE if trait[0] in DEGREES else QUALITY
