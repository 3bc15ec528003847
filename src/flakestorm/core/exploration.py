"""What a search sends as long as it knows no failure: in turn what is newest, and what was tried least."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flakestorm.core.novelty import Novelty, Weighed, weigh
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt

PROMPTS_ASKED = 16
"""An operator with nothing for so many golden prompts in a row is left alone."""

Fresh = Callable[[str, int], "Mutation | None"]
"""A mutation by this operator of the golden prompt with this number that was not made before."""


@dataclass(slots=True)
class Candidate:
    """The next mutation of an operator. ``worth`` is what it was worth when it was last weighed."""

    operator: str
    prompt: int
    mutation: Mutation
    weighed: Weighed
    worth: float


class Exploration:
    """Every operator has one candidate; the golden prompts take turns in it.

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
        self._candidates: dict[str, Candidate] = {}
        for name in self._type_of:
            self._prepare(name)

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
        taken = self._newest([self._candidates[name] for name in live])
        self._novelty.shown(taken.weighed)
        self._tries[taken.operator] += 1
        self._draws[self._type_of[taken.operator]] += 1
        self._prepare(taken.operator)
        return taken

    def _least_tried(self, names: Mapping[str, Candidate]) -> list[str]:
        """All of them once each was tried; until then those that were not."""
        return [name for name in names if not self._tries[name]] or list(names)

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

    def _prepare(self, operator: str) -> None:
        """Make the operator's next candidate, of the next golden prompt for which it has something."""
        total = len(self._prompts)
        for _ in range(min(total, PROMPTS_ASKED)):
            number = self._next_prompt[operator]
            self._next_prompt[operator] = (number + 1) % total
            mutation = self._fresh(operator, number)
            if mutation is not None:
                weighed = weigh(self._prompts[number], mutation)
                worth = self._novelty.worth(weighed)
                self._candidates[operator] = Candidate(operator, number, mutation, weighed, worth)
                return
        self._candidates.pop(operator, None)
