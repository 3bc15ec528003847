"""The order in which operators are tried: weighted, seeded, and shared out among the golden prompts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import draw, generator
from flakestorm.mutations.choice import Choice


class Rounds:
    """Orders of choices; ``prompts`` are the golden prompts among which they are shared out."""

    def __init__(self, seed: int, prompts: Sequence[GoldenPrompt]) -> None:
        self._seed = seed
        self._places = {prompt.id: place for place, prompt in enumerate(prompts)}
        self._begin = cache(self._beginning)
        # A round of a type is the same for all prompts; only a long run has more rounds than this.
        self._shared = lru_cache(maxsize=256)(self._order)

    def order(self, prompt_id: str, what: str, number: int, choices: Sequence[Choice]) -> list[Choice]:
        """All ``choices`` (those of ``what``, the same ones each time) as they are tried in a round.

        All prompts share one order, but each begins elsewhere in it. What one prompt does not get to is thus
        the first that another one does; orders drawn apart would leave out a third of the operators where
        four prompts take a quarter each.
        """
        begin = self._begin(prompt_id)
        total = len(choices)
        keyed = []
        for place, choice in zip(self._shared(what, number, total), choices, strict=True):
            share = ((place + 0.5) / total + begin) % 1
            # These keys sort as drawing by weight without putting back would.
            keyed.append(
                (share if choice.slowness == 1 else 1 - (1 - share) ** choice.slowness, place, choice)
            )
        keyed.sort()  # the places differ, so that no comparison gets to the choices
        return [choice for _, _, choice in keyed]

    def _beginning(self, prompt_id: str) -> float:
        """Where in the shared order (0–1) the prompt begins; further prompts change nothing for it."""
        place = self._places.get(prompt_id)
        return draw(self._seed, prompt_id, "begin") if place is None else _spread(place)

    def _order(self, what: str, number: int, total: int) -> list[int]:
        return generator(self._seed, what, "round", number).sample(range(total), total)


def _spread(place: int) -> float:
    """0, ½, ¼, ¾, ⅛ …: however many of these are taken, they lie evenly in 0–1 (van der Corput)."""
    bits = f"{place:b}"[::-1]
    return int(bits, 2) / 2 ** len(bits) if place else 0.0
