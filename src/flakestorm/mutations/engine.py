"""Golden prompts to mutations: which operators are tried, in which order, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from heapq import heapify, heappop, heappush
from typing import Any

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.attempt import attempt
from flakestorm.mutations.choice import Choice, Choices, in_turn, texts
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.llm_made_stream import Variants, llm_made, mixed
from flakestorm.mutations.registry import operators
from flakestorm.mutations.rounds import Rounds

MISSES = 6
"""An operator that made nothing new this often in a row is not asked again for that golden prompt."""

LONG = 1000
"""Texts above this many characters are remembered by their hash, so that huge ones do not pile up."""


class Mutator:
    """Makes mutations of golden prompts. The same configuration and seed always make the same ones.

    Without ``attacks`` all of them are texts, and none a malformed request; ``attacked`` names the configured
    types that have some.
    ``notes`` are sentences about golden prompts of which fewer mutations could be made than asked for.
    ``variants`` are what a language model wrote beforehand; ``share`` (0–1) of a type's mutations are taken
    from them, or all of the type custom. ``prompts`` are all golden prompts of the run: they share the
    operators out. Raises ``UsageError`` when a configured type has no operators.
    """

    def __init__(
        self,
        config: MutationsConfig,
        seed: int,
        attacks: bool = True,
        prompts: Sequence[GoldenPrompt] = (),
    ) -> None:
        self.config = config
        self.seed = seed
        self._made_of = (config, seed, attacks, tuple(prompts))
        self.notes: list[str] = []
        self.variants: Variants = {}
        self.share = 0.0
        self._all = Choices(config)
        self._rounds = Rounds(seed, prompts)
        self._parts = {str(type_): self._all.parts(type_) for type_ in config.types}
        _refuse_empty(self._parts)
        self.attacked = [type_ for type_, parts in self._parts.items() if any(map(_has_attacks, parts))]
        if not attacks:
            self._parts = _without_attacks(self._parts)
        self._weights = {type_: config.weight(type_) for type_ in self._parts}

    def __reduce__(self) -> tuple[Any, ...]:
        # Operators are functions, many of them made by functions: another process has its own.
        return Mutator, self._made_of, {"variants": self.variants, "share": self.share}

    @property
    def types(self) -> tuple[str, ...]:
        """The types of which mutations are made."""
        return tuple(self._parts)

    def mutations(self, prompt: GoldenPrompt) -> Iterator[Mutation]:
        """Up to ``config.count`` different mutations of ``prompt``, none of them equal to it.

        A type's share follows its weight, and each type has its turn before one has many. The first n
        mutations are the same however many are taken. What one type cannot fill goes to the others.
        """
        seen: set[object] = {_memory(prompt.turns)}
        streams = {type_: self._stream(prompt, type_, seen) for type_ in self._parts}
        seats = dict.fromkeys(streams, 0)
        # Highest averages with a first round for all: unlike largest remainders, a longer list begins with
        # the shorter one.
        queue = [(0, -self._weights[type_], type_) for type_ in streams]
        heapify(queue)
        made = 0
        while queue and made < self.config.count:
            _, _, type_ = heappop(queue)
            mutation = next(streams[type_], None)
            if mutation is None:
                continue
            made += 1
            seats[type_] += 1
            heappush(queue, (1, (2 * seats[type_] + 1) / self._weights[type_], type_))
            yield mutation
        if made < self.config.count and self._parts:
            self.notes.append(self._shortfall(prompt, made))

    def one(
        self, prompt: GoldenPrompt, operator_name: str, ordinal: int = 0, intensity: float | None = None
    ) -> Mutation | None:
        """What the operator makes of ``prompt`` on its ``ordinal``-th try; None when it changes nothing.

        ``operator_name`` may be of any registered type; ``custom.<template>`` names one of the user's
        templates, and names joined by ``+`` are applied one after the other. Raises ``UsageError`` with the
        nearest name for an unknown one.
        """
        strength = self.config.intensity if intensity is None else intensity
        choice = self._all.named(operator_name)
        return attempt(choice, prompt, self.seed, ordinal, strength, self.config.reach)[0]

    def _stream(self, prompt: GoldenPrompt, type_: str, seen: set[object]) -> Iterator[Mutation]:
        made = self._of_type if len(self._parts[type_]) == 1 else self._composed
        builtin = made(prompt, type_, seen)
        if prompt.id not in self.variants:
            return builtin
        written = llm_made(prompt, type_, self.variants, self.seed, self.config.intensity)
        share = 1.0 if type_ == "custom" else self.share
        return mixed((mutation for mutation in written if _is_new(mutation, seen)), builtin, share)

    def _of_type(self, prompt: GoldenPrompt, type_: str, seen: set[object]) -> Iterator[Mutation]:
        # Round after round through all operators of the type, so that none repeats before all had a turn.
        (choices,) = self._parts[type_]
        seed, intensity, reach = self.seed, self.config.intensity, self.config.reach
        misses: dict[str, int] = {}
        spent: set[str] = set()
        ordinal = 0
        while len(spent) < len(choices):
            for choice in self._rounds.order(prompt.id, type_, ordinal, choices):
                name = choice.name
                if name in spent:
                    continue
                mutation, drew = attempt(choice, prompt, seed, ordinal, intensity, reach)
                is_new = mutation is not None and _is_new(mutation, seen)
                misses[name] = 0 if is_new else misses.get(name, 0) + 1
                # What draws nothing would make the same thing again.
                if not drew or misses[name] == MISSES:
                    spent.add(name)
                if mutation is not None and is_new:
                    yield mutation
            ordinal += 1

    def _composed(self, prompt: GoldenPrompt, type_: str, seen: set[object]) -> Iterator[Mutation]:
        # In each round every operator of every part has a turn, each time beside another one.
        seed, intensity, reach = self.seed, self.config.intensity, self.config.reach
        ordinal, fruitless = 0, False
        while not fruitless:
            fruitless = True
            parts = [
                list(self._rounds.order(prompt.id, f"{type_} {place}", ordinal, of_part))
                for place, of_part in enumerate(self._parts[type_])
            ]
            for choice in in_turn(parts):
                mutation, _ = attempt(choice, prompt, seed, ordinal, intensity, reach)
                if mutation is not None and _is_new(mutation, seen):
                    fruitless = False
                    yield mutation
            ordinal += 1

    def _shortfall(self, prompt: GoldenPrompt, made: int) -> str:
        label = prompt.name or prompt.text
        short = label if len(label) <= 60 else f"{label[:59]}…"
        return (
            f"'{short}': {made} of {self.config.count} mutations; the configured types "
            f"({', '.join(self._parts)}) have no more different ones for it. Add types, or lower count."
        )


def _is_new(mutation: Mutation, seen: set[object]) -> bool:
    """Whether nothing like it was made before; now it was."""
    before = len(seen)
    seen.add(mutation.attack or _memory(mutation.turns))
    return len(seen) > before


def _memory(turns: tuple[str, ...]) -> object:
    if len(turns[-1]) <= LONG and (len(turns) == 1 or sum(map(len, turns)) <= LONG):
        return turns
    return sha256("\x1f".join(turns).encode("utf-8", "surrogatepass")).digest()


Parts = dict[str, list[list[Choice]]]
"""Type ► for each type that it is composed of, what there is to choose from."""


def _has_attacks(choices: Sequence[Choice]) -> bool:
    return any(choice.is_attack for choice in choices)


def _without_attacks(types: Parts) -> Parts:
    """``types`` without attacks on the protocol; those of which nothing is left are gone."""
    left = {type_: list(map(texts, parts)) for type_, parts in types.items()}
    return {type_: parts for type_, parts in left.items() if all(parts)}


def _refuse_empty(types: Parts) -> None:
    empty = [type_ for type_, parts in types.items() if not all(parts)]
    if empty:
        runnable = sorted({info.type for _, info in operators.items()})
        raise UsageError(
            f"mutations.types: nothing is registered that makes {', '.join(empty)}. "
            f"Take {'it' if len(empty) == 1 else 'them'} out, or install a package that brings operators. "
            f"Types that can be run: {', '.join(runnable)}"
        )
