"""A scripted LLM, clients of every library, and trials to call them in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from flakestorm.chaos.effect import NOTHING, Effect
from flakestorm.chaos.inprocess.installed import installed
from flakestorm.chaos.inprocess.reach import Reach
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import Faulty, Traffic, current_traffic
from flakestorm.testing import ScriptedLLM

TEXT = "Hello there, grüß dich!"


@dataclass
class Always:
    """The same effect on every call; remembers the calls."""

    what: Effect = NOTHING
    requests: list[CallRequest] = field(default_factory=list)

    def effect(self, request: CallRequest) -> Effect:
        """What happens to this call."""
        self.requests.append(request)
        return self.what

    def ended(self, effect: Effect) -> Effect | None:
        """Nothing to add."""
        return None


@contextmanager
def _trial(effect: Effect = NOTHING, trial_id: str = "t", faults: Faulty | None = None) -> Iterator[Traffic]:
    traffic = Traffic(trial_id, faults or Always(effect))
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
def text() -> str:
    """What the LLM says."""
    return TEXT


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """An LLM that says ``TEXT`` to everything."""
    async with ScriptedLLM(TEXT) as running:
        yield running


@pytest.fixture
def reach() -> Iterator[Reach]:
    """The hooks, installed."""
    with installed() as seen:
        yield seen
