"""What a search sends as long as it knows no failure: in turn what is newest, and what was tried least."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flakestorm.core.novelty import Novelty, Weighed, weigh
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt

PROMPTS_ASKED = 16
"""An operator with nothing for so many golden prompts in a row is left alone."""

POOL = 4
"""So many mutations of an operator stand by, for the newest of them to be sent."""

Fresh = Callable[[str, int], "Mutation | None"]
"""A mutation by this operator of the golden prompt with this number that was not made before."""


@dataclass(slots=True, eq=False)
class Candidate:
    """A mutation that could be sent. ``worth`` is what it was worth when it was last weighed."""

    operator: str
    prompt: int
    mutation: Mutation
    weighed: Weighed
    worth: float


class Exploration:
    """Every operator has a few candidates; the golden prompts take turns in them.

    One draw takes the candidate with the most new traits, the next one does so within the mutation type that
    had the fewest draws: otherwise small changes, which show little that is new, would wait for loud ones.
    No operator is taken twice before each was taken once.
    """

    def __init__(
        self, operators: Mapping[str, Sequence[str]], prompts: Sequence[GoldenPrompt], fresh: Fresh
    ) -> None:
        self._prompts = prompts
        self._fresh = fresh
        self._novelty = Novelty()
        self._type_of = {name: type_ for type_, names in operators.items() for name in names}
        self._tries = dict.fromkeys(self._type_of, 0)
        self._draws = dict.fromkeys(operators, 0)
        self._next_prompt = {name: place % len(prompts) for place, name in enumerate(self._type_of)}
        self._broadly = False
        self._candidates: dict[str, list[Candidate]] = {name: [] for name in self._type_of}
        for name in self._type_of:
            self._fill(name)

    def take(self) -> Candidate | None:
        """The next mutation to send; None when no operator has anything new."""
        if not self._candidates:
            return None
        live = self._least_tried(self._candidates)
        if self._broadly:
            rarest = min(
                {self._type_of[name] for name in live}, key=lambda type_: (self._draws[type_], type_)
            )
            live = [name for name in live if self._type_of[name] == rarest]
        self._broadly = not self._broadly
        return self._sent(self._newest([one for name in live for one in self._candidates[name]]))

    def take_of(self, operator: str, prompt: int) -> Candidate | None:
        """A mutation by this operator of the golden prompt with this number; None without a new one."""
        for candidate in self._candidates.get(operator, ()):
            if candidate.prompt == prompt:
                return self._sent(candidate)
        made = self._candidate(operator, prompt)
        return None if made is None else self._sent(made)

    def _sent(self, taken: Candidate) -> Candidate:
        operator = taken.operator
        self._novelty.shown(taken.weighed)
        self._tries[operator] += 1
        self._draws[self._type_of[operator]] += 1
        candidates = self._candidates.get(operator, [])
        if taken in candidates:
            candidates.remove(taken)
            self._fill(operator)
        return taken

    def _least_tried(self, names: Iterable[str]) -> list[str]:
        """All of them once each was tried; until then those that were not."""
        names = list(names)
        return [name for name in names if not self._tries[name]] or names

    def _newest(self, candidates: list[Candidate]) -> Candidate:
        """The one that is worth most. Worth only shrinks, so most need not be weighed again."""
        best: Candidate | None = None
        for candidate in sorted(candidates, key=lambda one: -one.worth):
            if best is not None and candidate.worth <= best.worth:
                break
            candidate.worth = self._novelty.worth(candidate.weighed)
            if best is None or candidate.worth > best.worth:
                best = candidate
        assert best is not None  # noqa: S101 - there is a candidate; this is for the type checker
        return best

    def _fill(self, operator: str) -> None:
        """Complete the candidates of the operator; without any it is left alone from now on."""
        candidates = self._candidates[operator]
        while len(candidates) < POOL and (candidate := self._next(operator)) is not None:
            candidates.append(candidate)
        if not candidates:
            del self._candidates[operator]

    def _next(self, operator: str) -> Candidate | None:
        """A new mutation by the operator, of the next golden prompt for which it has something."""
        total = len(self._prompts)
        for _ in range(min(total, PROMPTS_ASKED)):
            number = self._next_prompt[operator]
            self._next_prompt[operator] = (number + 1) % total
            candidate = self._candidate(operator, number)
            if candidate is not None:
                return candidate
        return None

    def _candidate(self, operator: str, number: int) -> Candidate | None:
        mutation = self._fresh(operator, number)
        if mutation is None:
            return None
        weighed = weigh(self._prompts[number], mutation)
        return Candidate(operator, number, mutation, weighed, self._novelty.worth(weighed))
