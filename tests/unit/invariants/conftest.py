"""Trials and outcomes made by hand: what a rule or the judge is given."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flakestorm.invariants.registry import Subject
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import NO_CHAOS, Trial

PROMPT = GoldenPrompt(("What is the status of order 4512?",))


def _mutation(
    kind: Kind = Kind.PRESERVES_MEANING,
    type_: str = "noise",
    text: str = "wat is teh status of order 4512",
    canary: str | None = None,
    implied: tuple[str, ...] = (),
) -> Mutation:
    return Mutation(type_, f"{type_}.test", (text,), kind, 1, 0.5, (), canary, implied)


def _trial(mutation: Mutation | None = None, scenario: str = NO_CHAOS) -> Trial:
    return Trial.of(PROMPT, mutation, scenario)


def _outcome(
    reply: str | None = "It was shipped.",
    *,
    error: ErrorKind | None = None,
    latency_ms: float = 100.0,
    first_byte_ms: float | None = None,
    status: int | None = None,
    replies: tuple[str, ...] = (),
) -> Outcome:
    problem = OutcomeError(error, f"it was {error}") if error else None
    reply = None if problem else reply
    return Outcome(latency_ms, reply, problem, first_byte_ms, status, replies)


@pytest.fixture
def make_mutation() -> Callable[..., Mutation]:
    """(kind, type, text, canary, implied) ► mutation."""
    return _mutation


@pytest.fixture
def make_trial() -> Callable[..., Trial]:
    """(mutation, scenario) ► trial; without arguments one of the control arm."""
    return _trial


@pytest.fixture
def make_outcome() -> Callable[..., Outcome]:
    """(reply, error, latency …) ► outcome."""
    return _outcome


@pytest.fixture
def make_subject() -> Callable[..., Subject]:
    """The arguments of an outcome ► what a check gets in the control arm."""
    return lambda *args, **kwargs: Subject(_trial(), _outcome(*args, **kwargs))
