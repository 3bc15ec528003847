"""The port of mutation operators, and the registry that they sign up in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import CodeType
from typing import NamedTuple, TypeVar

from flakestorm.model.attack import Attack
from flakestorm.model.errors import PluginError
from flakestorm.model.mutation import Edit, Kind
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.nearest import did_you_mean
from flakestorm.mutations.wording import Wording, wording
from flakestorm.plugins import Registry


@dataclass(slots=True)
class Source:
    """What an operator starts from, and never changes. (Not frozen: that would make it slow to create.)

    ``text`` is the turn to change and ``earlier`` the turns before it; ``protected`` are (start, end)
    spans that meaning-preserving operators leave byte for byte; ``canary`` is the token that a hostile
    operator asks for; ``template`` is the user's text for ``custom``.
    """

    text: str
    protected: tuple[tuple[int, int], ...] = ()
    canary: str = ""
    earlier: tuple[str, ...] = ()
    template: str = ""
    _wording: Wording | None = field(default=None, repr=False, compare=False)

    @property
    def wording(self) -> Wording:
        """The words and sentences of ``text`` outside the protected spans, read once for equal texts."""
        if self._wording is None:
            self._wording = wording(self.text, self.protected)
        return self._wording

    def with_canary(self, canary: str) -> Source:
        """The same for an operator that asks for ``canary``."""
        return Source(self.text, self.protected, canary, self.earlier, self.template, self.wording)


class Draft(NamedTuple):
    """What an operator made: ordered edits of ``Source.text``, and the turns before it if it changed them.

    ``attack`` is a disturbance of the request in place of the text.
    """

    edits: tuple[Edit, ...]
    earlier: tuple[str, ...] | None = None
    attack: Attack | None = None


Operator = Callable[[Source, Random, float], "Draft | None"]
"""A pure function (source, rng, intensity 0–1); None means that there is nothing to change here."""


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """An operator with what is known of it. ``name`` is ``type.operator``, such as ``noise.transpose``.

    ``touches_protected`` marks the few meaning-preserving operators whose very subject is a protected
    value: another way to write the same number, date or unit.
    """

    name: str
    type: str
    kind: Kind
    function: Operator
    summary: str
    implied: tuple[str, ...] = ()
    weight: float = 1.0
    touches_protected: bool = False


_PARAMETERS = ("source", "rng", "intensity")
_TYPES = tuple(type_.value for type_ in MutationType)


def _takes(function: Operator) -> tuple[str, ...]:
    """The names of its parameters."""
    code = getattr(function, "__code__", None)
    if code is not None and code.co_varnames[: code.co_argcount] == _PARAMETERS and _nothing_else(code):
        # There are hundreds of operators, and a signature takes a hundred times as long.
        return _PARAMETERS
    return tuple(inspect.signature(function).parameters)


def _nothing_else(code: CodeType) -> bool:
    return not code.co_kwonlyargcount and not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)


def _check(name: str, info: OperatorInfo) -> None:
    parameters = _takes(info.function)
    if parameters != _PARAMETERS:
        raise PluginError(
            f"operator '{name}' takes ({', '.join(parameters)}); it must take (source, rng, intensity)"
        )
    if not info.summary:
        raise PluginError(f"operator '{name}' has no docstring; its first line is its description")
    if info.type not in _TYPES:
        raise PluginError(
            f"operator '{name}' is of the unknown mutation type '{info.type}'"
            f"{did_you_mean(info.type, _TYPES) or '.'} Known: {', '.join(_TYPES)}"
        )
    if not info.weight > 0:
        raise PluginError(f"operator '{name}' has the weight {info.weight}; it must be above 0")


operators: Registry[OperatorInfo] = Registry("operator", "flakestorm.mutations", _check)

F = TypeVar("F", bound=Operator)


def operator(
    type_: str,
    name: str,
    kind: Kind,
    implied: tuple[str, ...] = (),
    weight: float = 1.0,
    touches_protected: bool = False,
) -> Callable[[F], F]:
    """Register the decorated function as operator ``type_.name``; its docstring's first line describes it.

    ``implied`` names invariants (``canary`` for hostile ones) that hold because of the mutation;
    ``weight`` is how early it is tried relative to the others of its type.
    """

    def register(function: F) -> F:
        full = f"{type_}.{name}"
        summary = (inspect.getdoc(function) or "").split("\n")[0]
        info = OperatorInfo(full, type_, kind, function, summary, implied, weight, touches_protected)
        operators.add(full, info, f"{function.__module__}.{getattr(function, '__name__', '?')}")
        return function

    return register
