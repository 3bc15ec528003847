"""What there is to choose from when a mutation is made: operators, the user's templates, compositions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import cycle, islice

from flakestorm.model.composition import JOINT, operators_in, types_in
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Kind
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.registry import OperatorInfo, operators

TEMPLATE = "custom.template"
"""The operator that stands for all of the user's templates."""

STRENGTH = (Kind.PRESERVES_MEANING, Kind.USER, Kind.EDGE, Kind.CHANGES_MEANING, Kind.HOSTILE, Kind.PROTOCOL)
"""The kinds from the weakest to the strongest: several operators together are of the strongest of theirs."""


class Choice:
    """One or several operators, the second to work on what the first made, and so on.

    ``steps`` are the operators, each with the user's template if it is for one. ``weight`` is how early it is
    tried relative to the others of its type.
    """

    def __init__(self, name: str, steps: tuple[tuple[OperatorInfo, str], ...]) -> None:
        infos = [info for info, _ in steps]
        self.name = name
        self.steps = steps
        self.type = JOINT.join(info.type for info in infos)
        self.kind = max((info.kind for info in infos), key=STRENGTH.index)
        self.implied = tuple(dict.fromkeys(name for info in infos for name in info.implied))
        self.has_canary = self.kind is Kind.HOSTILE or "canary" in self.implied
        self.weight = infos[0].weight

    @property
    def is_attack(self) -> bool:
        """Whether it disturbs the request instead of the text."""
        return self.kind is Kind.PROTOCOL


class Choices:
    """All that a configuration leaves to choose from, by type; ``+`` in a type composes several."""

    def __init__(self, config: MutationsConfig) -> None:
        self._templates = config.custom_templates

    @cached_property
    def _by_type(self) -> dict[str, list[Choice]]:
        found: dict[str, list[Choice]] = {}
        for name, info in operators.items():
            of_type = found.setdefault(info.type, [])
            if name == TEMPLATE:
                of_type += [Choice(f"custom.{key}", ((info, text),)) for key, text in self._templates.items()]
            else:
                of_type.append(_single(info))
        return found

    def parts(self, type_: str) -> list[list[Choice]]:
        """For each type that ``type_`` is composed of (a simple one is its own only part) its operators.

        Attacks on the protocol are no part of compositions. A part is empty when it has nothing to offer.
        """
        parts = [self._by_type.get(part, []) for part in types_in(type_)]
        return parts if len(parts) == 1 else list(map(texts, parts))

    def names(self, type_: str) -> list[str]:
        """The names of everything of ``type_``; of compositions some in which each operator takes part."""
        parts = self.parts(type_)
        return [choice.name for choice in (parts[0] if len(parts) == 1 else in_turn(parts))]

    def named(self, name: str) -> Choice:
        """The operator, template or composition called ``name``.

        Raises ``UsageError`` with the nearest name for an unknown one.
        """
        for choice in self._by_type.get("custom", ()):
            if choice.name == name:
                return choice
        parts = operators_in(name)
        if len(parts) > 1:
            return composed([self.named(part) for part in parts])
        return _single(operators.get(name))


@cache
def _single(info: OperatorInfo) -> Choice:
    """The one operator. There are hundreds, and every ``Mutator`` has them all."""
    return Choice(info.name, ((info, ""),))


def texts(choices: Sequence[Choice]) -> list[Choice]:
    """``choices`` without attacks on the protocol."""
    return [choice for choice in choices if not choice.is_attack]


def composed(parts: Sequence[Choice]) -> Choice:
    """The operators of ``parts`` one after the other. Raises ``UsageError`` for attacks on the protocol."""
    if any(part.is_attack for part in parts):
        name = next(part.name for part in parts if part.is_attack)
        raise UsageError(f"'{name}' disturbs the request, not the text, so it cannot be composed with others")
    name = JOINT.join(part.name for part in parts)
    return Choice(name, tuple(step for part in parts for step in part.steps))


def in_turn(parts: Sequence[Sequence[Choice]]) -> Iterator[Choice]:
    """Compositions in which each choice of every part has its turn: as many as the longest part has."""
    if all(parts):
        longest = max(map(len, parts))
        for together in islice(zip(*map(cycle, parts), strict=True), longest):
            yield composed(together)
