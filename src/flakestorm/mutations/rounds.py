"""The order in which operators are tried: weighted, seeded, and shared out among the golden prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, islice

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import draw, generator
from flakestorm.mutations.choice import Choice

MOST_SLOTS = 16
"""However heavy an operator is, it is met no earlier than this many light ones would be."""

KEPT = 64
"""So many rounds of a type are kept: every prompt takes the first ones, few come so far."""


class Rounds:
    """Orders of choices; ``prompts`` are the golden prompts among which they are shared out."""

    def __init__(self, seed: int, prompts: Sequence[GoldenPrompt]) -> None:
        self._seed = seed
        self._places = {prompt.id: place for place, prompt in enumerate(prompts)}
        self._begin = cache(self._beginning)
        self._orders: dict[tuple[str, int], list[Choice]] = {}

    def order(self, prompt_id: str, what: str, number: int, choices: Sequence[Choice]) -> Iterator[Choice]:
        """All ``choices`` (those of ``what``, the same ones each time) as they are tried in a round.

        All prompts share one order, but each begins elsewhere in it. What one prompt does not get to is thus
        the first that another one does; orders drawn apart would leave out a third of the operators where
        four prompts take a quarter each.
        """
        order = self._orders.get((what, number)) or self._drawn(what, number, choices)
        if number < KEPT:
            self._orders[what, number] = order
        first = int(self._begin(prompt_id) * len(order))
        # By identity: each of ``choices`` is one object, and no two of them have the same name.
        return iter(dict.fromkeys(chain(islice(order, first, None), islice(order, first))))

    def _beginning(self, prompt_id: str) -> float:
        """Where in the shared order (0–1) the prompt begins; further prompts change nothing for it."""
        place = self._places.get(prompt_id)
        return draw(self._seed, prompt_id, "begin") if place is None else _spread(place)

    def _drawn(self, what: str, number: int, choices: Sequence[Choice]) -> list[Choice]:
        """A shuffled list in which a choice of double weight stands twice, so that it is met earlier."""
        lightest = min((choice.weight for choice in choices), default=1.0)
        slots = [
            choice for choice in choices for _ in range(min(round(choice.weight / lightest), MOST_SLOTS))
        ]
        generator(self._seed, what, "round", number).shuffle(slots)
        return slots


def _spread(place: int) -> float:
    """0, ½, ¼, ¾, ⅛ …: however many of these are taken, they lie evenly in 0–1 (van der Corput)."""
    bits = f"{place:b}"[::-1]
    return int(bits, 2) / 2 ** len(bits) if place else 0.0
