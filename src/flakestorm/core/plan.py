"""What to run: golden prompts × mutations × repeats as a lazy, repeatable stream of trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol

from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import Trial

FIRST_TURN = 8
LONGEST_TURN = 256
"""How many trials of a golden prompt follow each other, in the first round and at most; each round takes as
many as all before it together. What a prompt is made of is read once and remembered for the most recent ones,
and short turns would forget it before it is used. A run that is stopped early is still fair to all."""

Selection = Callable[[Trial], bool]
"""Which of the planned trials to run."""


class Planned(Protocol):
    """What the engine needs of a plan; this module has the even one, ``search`` the one that learns."""

    def control(self) -> Iterator[Trial]:
        """The trials in which nothing is disturbed."""
        ...

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """The disturbed trials. A round is asked for when everything of the one before was observed."""
        ...

    def attacks(self) -> Iterator[Trial]:
        """The trials that attack the protocol."""
        ...

    def planned(self) -> int:
        """How many trials there will be at most."""
        ...

    def observe(self, record: TrialRecord) -> None:
        """Take note of a finished trial."""
        ...


@dataclass(frozen=True)
class Plan:
    """The trials of a mutation run.

    ``mutate`` gives the mutations of one golden prompt, the same ones each time it is called. Nothing is
    kept, so that a plan of a million trials takes no more memory than one of ten. ``attacked`` says that
    there are attacks on the protocol among them, which are trials of their own.
    """

    prompts: tuple[GoldenPrompt, ...]
    mutate: Callable[[GoldenPrompt], Iterator[Mutation]]
    count: int
    repeats: int = 1
    control_repeats: int = 3
    selection: Selection | None = None
    attacked: bool = False

    def control(self) -> Iterator[Trial]:
        """The control arm: every golden prompt undisturbed, ``control_repeats`` times."""
        wanted = self._selected_prompts()
        for repeat in range(self.control_repeats):
            for prompt in self.prompts:
                if wanted is None or prompt.id in wanted:
                    yield Trial.of(prompt, repeat=repeat)

    def disturbed(self) -> Iterator[Trial]:
        """The mutation trials, one golden prompt after the other in turn, so that a partial run is fair."""
        return self._mutated(attacks=False)

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """All disturbed trials as one round: nothing is learnt on the way."""
        yield self.disturbed()

    def observe(self, record: TrialRecord) -> None:
        """An even plan stays as it is, whatever happens."""

    def attacks(self) -> Iterator[Trial]:
        """The trials that attack the protocol: for after all others, because they disturb whoever is near."""
        return self._mutated(attacks=True) if self.attacked else iter(())

    def planned(self) -> int:
        """How many trials there will be; an upper limit, as a prompt may have fewer distinct mutations."""
        if self.selection is None:
            return len(self.prompts) * (self.control_repeats + self.count * self.repeats)
        return sum(1 for _ in chain(self.control(), self.disturbed(), self.attacks()))

    def _mutated(self, attacks: bool) -> Iterator[Trial]:
        trials = _in_turn([self._of_prompt(prompt, attacks) for prompt in self.prompts])
        return trials if self.selection is None else filter(self.selection, trials)

    def _of_prompt(self, prompt: GoldenPrompt, attacks: bool) -> Iterator[Trial]:
        for mutation in self.mutate(prompt):
            if (mutation.attack is not None) is attacks:
                for repeat in range(self.repeats):
                    yield Trial.of(prompt, mutation, repeat=repeat)

    def _selected_prompts(self) -> set[str] | None:
        if self.selection is None:
            return None
        return {trial.prompt.id for trial in chain(self.disturbed(), self.attacks())}


def _in_turn(streams: Iterable[Iterator[Trial]]) -> Iterator[Trial]:
    """Some trials of each stream, then the next ones of each, until all are used up."""
    pending, turn, done = list(streams), FIRST_TURN, 0
    while pending:
        alive = []
        for stream in pending:
            taken = list(islice(stream, turn))
            yield from taken
            if len(taken) == turn:
                alive.append(stream)
        done += turn
        pending, turn = alive, min(done, LONGEST_TURN)
