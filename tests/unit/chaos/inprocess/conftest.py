"""Trials with hand-made faults, and modules that look like an agent's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from flakestorm.chaos.effect import NOTHING, Effect
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import Traffic, current_traffic


class Faults:
    """The same effect on every call; remembers the calls."""

    def __init__(self, effect: Effect) -> None:
        self.what = effect
        self.requests: list[CallRequest] = []

    def effect(self, request: CallRequest) -> Effect:
        """What happens to this call."""
        self.requests.append(request)
        return self.what

    def ended(self, effect: Effect) -> None:
        """Nothing to add."""


@contextmanager
def _trial(effect: Effect = NOTHING) -> Iterator[Any]:
    traffic: Any = Traffic("t", Faults(effect))
    traffic.requests = traffic._faults.requests
    token = current_traffic.set(traffic)
    try:
        yield traffic
    finally:
        current_traffic.reset(token)


@pytest.fixture
def trial() -> Callable[..., Any]:
    """Makes a trial in whose context the block runs."""
    return _trial


@pytest.fixture
def module() -> Iterator[Callable[..., Any]]:
    """Makes modules from source, which are gone after the test."""
    made = []

    def make(name: str, source: str) -> ModuleType:
        found = ModuleType(name)
        sys.modules[name] = found
        made.append(name)
        exec(compile(source, name, "exec"), vars(found))
        return found

    yield make
    for name in made:
        del sys.modules[name]
