"""Both twins of the pattern engine, for tests that run on each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from flakestorm.invariants.detection.engine import Engine, PythonEngine, native_engine
from flakestorm.invariants.detection.pattern import Pattern


def _native(patterns: Sequence[Pattern]) -> Engine:
    return native_engine(patterns) or pytest.skip("the extension is not installed")


@pytest.fixture(params=[PythonEngine, _native], ids=["python", "native"])
def make_engine(request: pytest.FixtureRequest) -> Callable[[Sequence[Pattern]], Engine]:
    """Patterns ► the engine that searches for them, once for each twin."""
    made: Callable[[Sequence[Pattern]], Engine] = request.param
    return made


@pytest.fixture
def native_twin() -> Callable[[Sequence[Pattern]], Engine]:
    """Patterns ► the compiled engine; skips where there is none."""
    return _native
