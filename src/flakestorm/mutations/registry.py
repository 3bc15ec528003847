"""The port of mutation operators, and the registry that they sign up in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from flakestorm.model.errors import PluginError
from flakestorm.model.mutation import Edit, Kind
from flakestorm.plugins import Registry


@dataclass(frozen=True)
class Source:
    """What an operator starts from.

    ``text`` is the turn to change and ``earlier`` the turns before it; ``protected`` are (start, end)
    spans that meaning-preserving operators leave byte for byte; ``canary`` is the token that a hostile
    operator asks for; ``template`` is the user's text for ``custom``.
    """

    text: str
    protected: tuple[tuple[int, int], ...] = ()
    canary: str = ""
    earlier: tuple[str, ...] = ()
    template: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an operator made: ordered edits of ``Source.text``, and the turns before it if it changed them."""

    edits: tuple[Edit, ...]
    earlier: tuple[str, ...] | None = None


Operator = Callable[[Source, Random, float], "Draft | None"]
"""A pure function (source, rng, intensity 0–1); None means that there is nothing to change here."""


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """An operator with what is known of it. ``name`` is ``type.operator``, such as ``noise.transpose``."""

    name: str
    type: str
    kind: Kind
    function: Operator
    summary: str
    implied: tuple[str, ...] = ()
    weight: float = 1.0


def _check(name: str, info: OperatorInfo) -> None:
    parameters = list(inspect.signature(info.function).parameters)
    if parameters != ["source", "rng", "intensity"]:
        raise PluginError(
            f"operator '{name}' takes ({', '.join(parameters)}); it must take (source, rng, intensity)"
        )
    if not info.summary:
        raise PluginError(f"operator '{name}' has no docstring; its first line is its description")


operators: Registry[OperatorInfo] = Registry("operator", "flakestorm.mutations", _check)

F = TypeVar("F", bound=Operator)


def operator(
    type_: str, name: str, kind: Kind, implied: tuple[str, ...] = (), weight: float = 1.0
) -> Callable[[F], F]:
    """Register the decorated function as operator ``type_.name``; its docstring's first line describes it.

    ``implied`` names invariants (``canary`` for hostile ones) that hold because of the mutation;
    ``weight`` is how often it is chosen relative to the others of its type.
    """

    def register(function: F) -> F:
        full = f"{type_}.{name}"
        summary = (inspect.getdoc(function) or "").split("\n")[0]
        info = OperatorInfo(full, type_, kind, function, summary, implied, weight)
        operators.add(full, info, f"{function.__module__}.{getattr(function, '__name__', '?')}")
        return function

    return register
