"""Golden prompts to mutations: which operators are tried, in which order, and how often."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from heapq import heapify, heappop, heappush

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.canary import make_canary
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Kind, Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import draw, generator
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.llm_made_stream import Variants, llm_made, mixed
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.registry import OperatorInfo, Source, operators

TEMPLATE = "custom.template"
"""The operator that stands for all of the user's templates."""

MISSES = 6
"""An operator that made nothing new this often in a row is not asked again for that golden prompt."""

LONG = 1000
"""Texts above this many characters are remembered by their hash, so that huge ones do not pile up."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An operator as one of those to choose from; each of the user's templates is a choice of its own."""

    name: str
    info: OperatorInfo
    template: str = ""


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
        self._places = {prompt.id: place for place, prompt in enumerate(prompts)}
        self.notes: list[str] = []
        self.variants: Variants = {}
        self.share = 0.0
        self._choices: dict[str, list[Choice]] = {type_.value: [] for type_ in config.types}
        for name, info in operators.items():
            if info.type in self._choices:
                self._choices[info.type].extend(self._variants(name, info))
        _refuse_empty(self._choices)
        self.attacked = [type_ for type_, of_type in self._choices.items() if any(map(_is_attack, of_type))]
        if not attacks:
            self._choices = _texts(self._choices)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of which mutations are made."""
        return tuple(self._choices)

    def mutations(self, prompt: GoldenPrompt) -> Iterator[Mutation]:
        """Up to ``config.count`` different mutations of ``prompt``, none of them equal to it.

        A type's share follows its weight, and each type has its turn before one has many. The first n
        mutations are the same however many are taken. What one type cannot fill goes to the others.
        """
        seen: set[object] = {_memory(prompt.turns)}
        streams = {type_: self._stream(prompt, type_, seen) for type_ in self._choices}
        seats = dict.fromkeys(streams, 0)
        # Highest averages with a first round for all: unlike largest remainders, a longer list begins with
        # the shorter one.
        queue = [(0, -self.config.weight(type_), type_) for type_ in streams]
        heapify(queue)
        made = 0
        while queue and made < self.config.count:
            _, _, type_ = heappop(queue)
            mutation = next(streams[type_], None)
            if mutation is None:
                continue
            made += 1
            seats[type_] += 1
            heappush(queue, (1, (2 * seats[type_] + 1) / self.config.weight(type_), type_))
            yield mutation
        if made < self.config.count and self._choices:
            self.notes.append(self._shortfall(prompt, made))

    def one(
        self, prompt: GoldenPrompt, operator_name: str, ordinal: int = 0, intensity: float | None = None
    ) -> Mutation | None:
        """What the operator makes of ``prompt`` on its ``ordinal``-th try; None when it changes nothing.

        ``operator_name`` may be of any registered type; ``custom.<template>`` names one of the user's
        templates. Raises ``UsageError`` with the nearest name for an unknown one.
        """
        for choice in self._choices.get("custom", ()):
            if choice.name == operator_name:
                return self._make(prompt, choice, ordinal, intensity)[0]
        choice = Choice(operator_name, operators.get(operator_name))
        return self._make(prompt, choice, ordinal, intensity)[0]

    def _variants(self, name: str, info: OperatorInfo) -> list[Choice]:
        if name != TEMPLATE:
            return [Choice(name, info)]
        return [Choice(f"custom.{key}", info, text) for key, text in self.config.custom_templates.items()]

    def _stream(self, prompt: GoldenPrompt, type_: str, seen: set[object]) -> Iterator[Mutation]:
        builtin = self._of_type(prompt, type_, seen)
        if prompt.id not in self.variants:
            return builtin
        written = llm_made(prompt, type_, self.variants, self.seed, self.config.intensity)
        share = 1.0 if type_ == "custom" else self.share
        return mixed(_unseen(written, seen), builtin, share)

    def _of_type(self, prompt: GoldenPrompt, type_: str, seen: set[object]) -> Iterator[Mutation]:
        # Round after round through all operators of the type, so that none repeats before all had a turn.
        misses = {choice.name: 0 for choice in self._choices[type_]}
        ordinal = 0
        while misses:
            for choice in self._round(prompt, type_, ordinal, misses):
                mutation, drew = self._make(prompt, choice, ordinal, None)
                key = (mutation.attack or _memory(mutation.turns)) if mutation else None
                is_new = mutation is not None and key not in seen
                misses[choice.name] = 0 if is_new else misses[choice.name] + 1
                # What draws nothing would make the same thing again.
                if not drew or misses[choice.name] == MISSES:
                    del misses[choice.name]
                if mutation is not None and is_new:
                    seen.add(key)
                    yield mutation
            ordinal += 1

    def _round(self, prompt: GoldenPrompt, type_: str, number: int, alive: dict[str, int]) -> list[Choice]:
        """The operators of a type in the order in which they are tried.

        All prompts share one order, but each begins elsewhere in it. What one prompt does not get to is thus
        the first that another one does; orders drawn apart would leave out a third of the operators where
        four prompts take a quarter each.
        """
        choices = self._choices[type_]
        shared = generator(self.seed, type_, "round", number)
        begin = self._begin(prompt)
        keyed = []
        for place, choice in zip(shared.sample(range(len(choices)), len(choices)), choices, strict=True):
            if choice.name in alive:
                share = ((place + 0.5) / len(choices) + begin) % 1
                # Exponential keys sort as drawing by weight without putting back would.
                keyed.append((-math.log(1 - share) / choice.info.weight, place, choice))
        return [choice for _, _, choice in sorted(keyed)]

    def _begin(self, prompt: GoldenPrompt) -> float:
        """Where in the shared order (0–1) the prompt begins; further prompts change nothing for it."""
        place = self._places.get(prompt.id)
        return draw(self.seed, prompt.id, "begin") if place is None else _spread(place)

    def _make(
        self, prompt: GoldenPrompt, choice: Choice, ordinal: int, intensity: float | None
    ) -> tuple[Mutation | None, bool]:
        """The mutation, if there is one, and whether anything was drawn for it."""
        info = choice.info
        strength = self.config.intensity if intensity is None else intensity
        rng = generator(self.seed, prompt.id, choice.name, ordinal)
        untouched = rng.getstate()
        source = _source(prompt.turns, choice.template)
        canary = None
        if info.kind is Kind.HOSTILE or "canary" in info.implied:
            canary = make_canary(rng)
            source = Source(source.text, source.protected, canary, source.earlier)
        draft = info.function(source, rng, strength)
        drew = rng.getstate() != untouched
        if draft is None:
            return None, drew
        earlier = source.earlier if draft.earlier is None else draft.earlier
        turns = (*earlier, apply_edits(source.text, draft.edits))
        if turns == prompt.turns and draft.attack is None:
            return None, drew
        mutation = Mutation(
            info.type,
            choice.name,
            turns,
            info.kind,
            self.seed,
            strength,
            draft.edits,
            canary,
            info.implied,
            draft.attack,
        )
        return mutation, drew

    def _shortfall(self, prompt: GoldenPrompt, made: int) -> str:
        label = prompt.name or prompt.text
        short = label if len(label) <= 60 else f"{label[:59]}…"
        return (
            f"'{short}': {made} of {self.config.count} mutations; the configured types "
            f"({', '.join(self._choices)}) have no more different ones for it. Add types, or lower count."
        )


def _unseen(mutations: Iterator[Mutation], seen: set[object]) -> Iterator[Mutation]:
    for mutation in mutations:
        key = _memory(mutation.turns)
        if key not in seen:
            seen.add(key)
            yield mutation


@lru_cache(maxsize=64)
def _source(turns: tuple[str, ...], template: str) -> Source:
    *earlier, text = turns
    return Source(text, protected_spans(text), earlier=tuple(earlier), template=template)


def _memory(turns: tuple[str, ...]) -> object:
    if sum(map(len, turns)) <= LONG:
        return turns
    return blake2b("\x1f".join(turns).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _spread(place: int) -> float:
    """0, ½, ¼, ¾, ⅛ …: however many of these are taken, they lie evenly in 0–1 (van der Corput)."""
    bits = f"{place:b}"[::-1]
    return int(bits, 2) / 2 ** len(bits) if place else 0.0


def _is_attack(choice: Choice) -> bool:
    return choice.info.kind is Kind.PROTOCOL


def _texts(choices: dict[str, list[Choice]]) -> dict[str, list[Choice]]:
    """``choices`` without attacks; types of which nothing is left are gone."""
    texts = {type_: [c for c in of_type if not _is_attack(c)] for type_, of_type in choices.items()}
    return {type_: of_type for type_, of_type in texts.items() if of_type}


def _refuse_empty(choices: dict[str, list[Choice]]) -> None:
    empty = [type_ for type_, of_type in choices.items() if not of_type]
    if empty:
        runnable = sorted({info.type for _, info in operators.items()})
        raise UsageError(
            f"mutations.types: nothing is registered that makes {', '.join(empty)}. "
            f"Take {'it' if len(empty) == 1 else 'them'} out, or install a package that brings operators. "
            f"Types that can be run: {', '.join(runnable)}"
        )
