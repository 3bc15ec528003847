"""The port of invariants, and the registry that they sign up in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from flakestorm.invariants.config import Rule
from flakestorm.invariants.model_choice import ModelChoice
from flakestorm.model.chat import ChatClient
from flakestorm.model.errors import PluginError
from flakestorm.model.outcome import Outcome
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement
from flakestorm.plugins import Registry


class Scope(str, Enum):
    """Which trials an invariant speaks about unless the user says otherwise with ``on:``."""

    ANSWER = "answer"
    """About the right answer: where the meaning is preserved, or the template is the user's own."""
    CONDUCT = "conduct"
    """About form, safety and speed of replies to prompts: always, but for malformed requests."""
    PROTOCOL = "protocol"
    """About malformed requests, and nothing else."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an invariant looks at.

    ``outcome.reply`` is text unless the invariant registered with ``judges_errors=True``. ``baseline`` is
    the first reply that the undisturbed golden prompt got in the control arm, or None before there is one.
    """

    trial: Trial
    outcome: Outcome
    baseline: str | None = None


Check = Callable[[Subject], Judgement]
"""Compiled once per run, called for every outcome, from one thread or several."""

Deliberation = Callable[[Subject], Awaitable[Judgement]]
"""A check that waits for a language model; called in the event loop of the run."""

Models = Callable[[ModelChoice], ChatClient]
"""Gives a rule the language model that it chose. Raises ``ConfigError`` when there is none."""


@dataclass(frozen=True, slots=True)
class InvariantInfo:
    """An invariant type: its options model, how to compile it, and what it speaks about.

    ``build`` takes the options and gives a ``Check``; with ``needs_model`` it takes the options and the
    ``Models`` of the run, and gives a ``Deliberation``.
    """

    name: str
    options: type[Rule]
    build: Callable[..., Any]
    scope: Scope
    judges_errors: bool
    summary: str
    needs_model: bool = False


def _check(name: str, info: InvariantInfo) -> None:
    if not (isinstance(info.options, type) and issubclass(info.options, Rule)):
        raise PluginError(f"invariant '{name}' needs an options model derived from flakestorm's Rule")
    if not info.summary:
        raise PluginError(f"invariant '{name}' has no docstring; its first line is its description")


invariant_types: Registry[InvariantInfo] = Registry("invariant type", "flakestorm.invariants", _check)

F = TypeVar("F", bound=Callable[..., "Check | Deliberation"])


def invariant(
    type_: str, options: type[Rule], scope: Scope, judges_errors: bool = False, needs_model: bool = False
) -> Callable[[F], F]:
    """Register the decorated ``build(options) -> Check`` as invariant ``type: type_``.

    With ``judges_errors`` the check is also called for outcomes that have an error instead of a reply;
    otherwise those are ``errored`` without asking it. With ``needs_model`` it is
    ``build(options, models) -> Deliberation``.
    """

    def register(build: F) -> F:
        summary = (build.__doc__ or "").strip().split("\n")[0]
        info = InvariantInfo(type_, options, build, scope, judges_errors, summary, needs_model)
        invariant_types.add(type_, info, f"{build.__module__}.{build.__name__}")
        return build

    return register
