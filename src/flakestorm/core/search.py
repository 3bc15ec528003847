"""What to run in a search: a budget of calls, spent where new failures are.

As long as nothing failed, calls go where something is that the agent was not shown yet; once something did,
two of three calls go where failures were.

Decisions are made in rounds. A round is drawn from a generator of its own, and the outcomes of one round are
learnt in the order of their trial ids before the next is drawn; so neither concurrency nor the order of
arrival matters, and a resumed search repeats its decisions from the stored records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from flakestorm.core.bandit import Bandit
from flakestorm.core.exploration import Candidate, Exploration
from flakestorm.model.composition import type_of
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import digest, generator
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import Trial
from flakestorm.mutations.choice import Choices
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import MISSES
from flakestorm.scoring.causes import failures

FIRST_ROUND = 16
GROWTH = 8
"""A round is an eighth of what was made before: few waits in a long search, quick lessons in a short one."""
NEW_TYPE, NEW_OPERATOR, NEW_SHAPE, KNOWN = 1.0, 0.6, 0.1, 0.01
"""What a failure is worth: its rule never broke under this mutation type, or under this operator, or for this
kind of prompt; or all of that is known."""

EXPLORING = 3
"""Once something failed, one call in so many still looks for what is new."""

ATTACK_SHARE = 3
"""At most one in so many calls is an attack on the protocol."""

Make = Callable[[GoldenPrompt, str, int], "Mutation | None"]
"""What an operator makes of a prompt on its n-th try."""


class SearchPlan:
    """The trials of a search: the control arm, and then rounds up to ``budget`` trials altogether.

    ``names`` maps a mutation type to the names of its operators; ``attacks`` are the operators that attack
    the protocol, which get a part of the budget of their own. Raises ``UsageError`` when the budget does
    not even reach beyond the control arm.
    """

    def __init__(
        self,
        prompts: Sequence[GoldenPrompt],
        make: Make,
        names: Mapping[str, Sequence[str]],
        budget: int,
        control_repeats: int = 3,
        seed: int = 0,
        attacks: Sequence[str] = (),
    ) -> None:
        self._prompts = tuple(prompts)
        self._make = make
        self._budget = budget
        self._control_repeats = control_repeats
        self._seed = seed
        self._bandit = Bandit(names, len(self._prompts))
        self._ordinals: dict[tuple[str, int], int] = {}
        self._sent = {_memory(prompt.id, prompt.turns) for prompt in self._prompts}
        self._exploration = Exploration(names, self._prompts, self._new)
        self._known: set[tuple[object, ...]] = set()
        self._broken: dict[str, tuple[str, ...]] = {}
        control = len(self._prompts) * control_repeats
        if budget <= control:
            raise UsageError(
                f"a budget of {budget} calls leaves nothing to search with: the golden prompts are run "
                f"undisturbed first, which takes {control} calls ({len(self._prompts)} × "
                f"advanced.control_repeats {control_repeats}). Give more, or lower control_repeats."
            )
        left = budget - control
        self._attacks = tuple(attacks)[: left // ATTACK_SHARE]
        self._left = left - len(self._attacks)

    def control(self) -> Iterator[Trial]:
        """The control arm: every golden prompt undisturbed, ``control_repeats`` times."""
        for repeat in range(self._control_repeats):
            for prompt in self._prompts:
                yield Trial.of(prompt, repeat=repeat)

    def attacks(self) -> Iterator[Trial]:
        """Each attack on the protocol once: it hardly depends on the prompt, so there is nothing to learn."""
        for number, name in enumerate(self._attacks):
            prompt = self._prompts[number % len(self._prompts)]
            mutation = self._make(prompt, name, 0)
            if mutation is not None:
                yield Trial.of(prompt, mutation)

    def planned(self) -> int:
        """How many trials there will be; an upper limit, as there may be no more different mutations."""
        return self._budget

    def observe(self, record: TrialRecord) -> None:
        """Take note of a finished trial, of this execution or of an earlier one of the same run."""
        if not record.trial.is_control:
            self._broken[record.trial.id] = tuple(rule for rule, _ in failures(record))

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """One round after the other; all trials of a round must be observed before the next is asked for."""
        number = made = 0
        while made < self._left:
            size = min(max(FIRST_ROUND, made // GROWTH), self._left - made)
            drawn = self._draw(size, generator(self._seed, "search", "round", number))
            if not drawn:
                return
            yield iter([trial for trial, _, _ in drawn])
            self._learn(drawn)
            made += len(drawn)
            number += 1

    def _draw(self, size: int, rng: Random) -> list[tuple[Trial, str, int]]:
        drawn: list[tuple[Trial, str, int]] = []
        while len(drawn) < size:
            exploiting = self._known and len(drawn) % EXPLORING
            taken = None if exploiting else self._exploration.take()
            taken = taken or self._exploited(rng)
            if taken is None:
                break
            self._bandit.tried(taken.operator, taken.prompt)
            trial = Trial.of(self._prompts[taken.prompt], taken.mutation)
            drawn.append((trial, taken.operator, taken.prompt))
        return drawn

    def _exploited(self, rng: Random) -> Candidate | None:
        """What the bandit wants; None when nothing is left for any of its arms."""
        while (choice := self._bandit.choose(rng)) is not None:
            taken = self._exploration.take_of(*choice)
            if taken is not None:
                return taken
            self._bandit.drop(*choice)
        return None

    def _new(self, operator: str, number: int) -> Mutation | None:
        """A mutation that was not made before, or None when several tries give none."""
        prompt = self._prompts[number]
        for _ in range(MISSES):
            ordinal = self._ordinals.get((operator, number), 0)
            self._ordinals[operator, number] = ordinal + 1
            mutation = self._make(prompt, operator, ordinal)
            if mutation is None:
                continue
            key = _memory(prompt.id, mutation.turns)
            if key not in self._sent:
                self._sent.add(key)
                return mutation
        return None

    def _learn(self, drawn: Sequence[tuple[Trial, str, int]]) -> None:
        for trial, operator, number in sorted(drawn, key=lambda item: item[0].id):
            rules = self._broken.pop(trial.id, ())
            reward = max((self._worth(rule, trial, operator) for rule in rules), default=0.0)
            self._bandit.rewarded(operator, number, reward, min(reward, NEW_SHAPE))

    def _worth(self, rule: str, trial: Trial, operator: str) -> float:
        type_ = type_of(operator)
        worth = KNOWN
        for signature, value in (
            ((rule, operator, shape_of(trial.prompt)), NEW_SHAPE),
            ((rule, operator), NEW_OPERATOR),
            ((rule, type_), NEW_TYPE),
        ):
            if signature not in self._known:
                self._known.add(signature)
                worth = value
        return worth


def searchable(config: MutationsConfig) -> tuple[dict[str, list[str]], list[str]]:
    """Mutation type → the operators that change the text, and the operators that attack the protocol.

    Where the user chose no types, a search takes every one that changes the text: it measures no score that
    would depend on them. Attacks on the protocol are made only when they are asked for.
    """
    choices = Choices(config)
    names: dict[str, list[str]] = {}
    attacks: list[str] = []
    for type_ in config.types if chooses_types(config) else MutationType:
        attacking = {choice.name for part in choices.parts(type_) for choice in part if choice.is_attack}
        of_type = choices.names(type_)
        attacks += [name for name in of_type if name in attacking]
        names[str(type_)] = [name for name in of_type if name not in attacking]
    found = {type_: of_type for type_, of_type in names.items() if of_type}
    return found, attacks if chooses_types(config) else []


def chooses_types(config: MutationsConfig) -> bool:
    """Whether the user says which mutation types to use."""
    return "types" in config.model_fields_set


def shape_of(prompt: GoldenPrompt) -> tuple[object, ...]:
    """What prompts that fail alike are likely to share: a question, digits, lines, length, turns."""
    text = prompt.text
    return (
        text.rstrip().endswith("?"),
        any(character.isdigit() for character in text),
        "\n" in text,
        len(text).bit_length(),
        len(prompt.turns),
    )


def _memory(prompt: str, turns: Sequence[str]) -> bytes:
    return digest(prompt, *turns)
