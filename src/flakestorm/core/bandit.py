"""Decides where the next call is worth most: Thompson sampling over type, operator and golden prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")

UNIFORM_SHARE = 0.1
"""So many draws are uniform, so that nothing is starved for having had bad luck."""
PRIOR = 2.0
"""An arm's prior weighs as much as so many draws."""
UNKNOWN = 0.5
"""What is expected of a mutation type that nothing is known of."""
CANDIDATES = 16
"""So many golden prompts compete for one draw; with thousands of them, comparing all would take too long."""
TRIES_BEFORE_FLOOR = 2
"""No operator is tried more often than this while another one was never tried."""


@dataclass(slots=True)
class _Arm:
    """``tries`` counts draws, also those still without an outcome; ``reward`` is what they brought."""

    tries: int = 0
    reward: float = 0.0

    def mean(self, expected: float) -> float:
        """The expected reward, beginning with what the level above makes one expect."""
        return (PRIOR * expected + self.reward) / (PRIOR + self.tries)

    def sample(self, rng: Random, expected: float) -> float:
        """A draw from the Beta posterior. A pending try counts as unrewarded, which spreads a round."""
        good = PRIOR * expected + self.reward
        bad = PRIOR * (1 - expected) + self.tries - self.reward
        return rng.betavariate(good, max(bad, 0.001))


class Bandit:
    """The arms are operator × golden prompt; what one prompt teaches, its operator and type profit from.

    ``operators`` maps a mutation type to its operators, ``prompts`` is how many golden prompts there are.
    """

    def __init__(self, operators: Mapping[str, Sequence[str]], prompts: int) -> None:
        self._type_of = {name: type_ for type_, names in operators.items() for name in names}
        self._live: dict[str, list[int]] = {name: list(range(prompts)) for name in self._type_of}
        self._types: dict[str, _Arm] = {type_: _Arm() for type_ in operators}
        self._operators: dict[str, _Arm] = {name: _Arm() for name in self._type_of}
        self._arms: dict[tuple[str, int], _Arm] = {}

    def choose(self, rng: Random) -> tuple[str, int] | None:
        """The operator and the prompt's number for the next call; None when every arm was dropped."""
        allowed = self._allowed()
        if not allowed:
            return None
        if rng.random() < UNIFORM_SHARE:
            operator = allowed[rng.randrange(len(allowed))]
            prompts = self._live[operator]
            return operator, prompts[rng.randrange(len(prompts))]
        by_type: dict[str, list[str]] = {}
        for name in allowed:
            by_type.setdefault(self._type_of[name], []).append(name)
        type_ = _best((self._types[name].sample(rng, UNKNOWN), name) for name in by_type)
        expected = self._types[type_].mean(UNKNOWN)
        operator = _best((self._operators[name].sample(rng, expected), name) for name in by_type[type_])
        return operator, self._prompt(operator, self._operators[operator].mean(expected), rng)

    def tried(self, operator: str, prompt: int) -> None:
        """A call was planned for this arm; its outcome comes later."""
        for arm in self._levels(operator, prompt):
            arm.tries += 1

    def rewarded(self, operator: str, prompt: int, reward: float, again: float) -> None:
        """What a planned call brought, and what the same operator may bring ``again`` (both 0–1).

        The type is credited with all of it, as its other operators may be as good; the operator itself only
        with what is left to be found with it.
        """
        type_, *below = self._levels(operator, prompt)
        type_.reward += reward
        for arm in below:
            arm.reward += again

    def drop(self, operator: str, prompt: int) -> None:
        """The operator has nothing new for this prompt any more."""
        self._live[operator].remove(prompt)
        if not self._live[operator]:
            del self._live[operator]

    def _allowed(self) -> list[str]:
        """The operators that may be drawn: nobody a third time before everybody had a first one."""
        live = self._live
        if all(self._operators[name].tries for name in live):
            return list(live)
        return [name for name in live if self._operators[name].tries < TRIES_BEFORE_FLOOR]

    def _prompt(self, operator: str, expected: float, rng: Random) -> int:
        prompts = self._live[operator]
        if len(prompts) > CANDIDATES:
            prompts = rng.sample(prompts, CANDIDATES)
        untried = _Arm()
        return _best((self._arms.get((operator, p), untried).sample(rng, expected), p) for p in prompts)

    def _levels(self, operator: str, prompt: int) -> tuple[_Arm, _Arm, _Arm]:
        arm = self._arms.setdefault((operator, prompt), _Arm())
        return self._types[self._type_of[operator]], self._operators[operator], arm


def _best(scored: Iterable[tuple[float, T]]) -> T:
    return max(scored, key=lambda pair: pair[0])[1]
