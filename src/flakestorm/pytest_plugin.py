"""The pytest plugin: ``@pytest.mark.flakestorm`` makes tests of trials, the fixture ``storm`` is for code.

pytest imports this module wherever flakestorm is installed, so it imports nothing else at the top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flakestorm.storm.fixture import Storm

MARK = (
    "flakestorm(agent=, prompts=, types=, count=, invariants=, faults=, profile=, contract=, config=, "
    "min_score=): run the agent undisturbed, mutated and under faults, each trial as a test of its own"
)
FIXTURE = "storm_trial"
"""The fixture by which a marked test is parametrised."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that override what marks and configurations say."""
    group = parser.getgroup("flakestorm")
    group.addoption("--flakestorm-seed", type=int, metavar="N", help="Seed of mutations and faults.")
    group.addoption(
        "--flakestorm-count",
        type=int,
        metavar="N",
        help="Mutations of each golden prompt, in every marked test.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", MARK)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for each trial of a marked test."""
    mark = metafunc.definition.get_closest_marker("flakestorm")
    if mark is None:
        return
    from flakestorm.storm.items import items_of

    items = items_of(mark, metafunc.definition)
    metafunc.fixturenames.append(FIXTURE)
    metafunc.parametrize(FIXTURE, items, ids=[item.id for item in items], indirect=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember which items are left of each marked test: only their trials are run."""
    items = (item for item in session.items if isinstance(item, pytest.Function))
    for item in items:
        given = _given(item)
        if given is not None:
            given.select()


@pytest.fixture
def storm_trial(request: pytest.FixtureRequest) -> Any:
    """The record of the trial that this item stands for (``flakestorm.model.record.TrialRecord``)."""
    if not hasattr(request, "param"):
        pytest.fail("storm_trial is for tests that are marked with @pytest.mark.flakestorm", pytrace=False)
    return request.param.record()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """The verdict on the trial comes first; then the test's own body, which may ask for more."""
    given = _given(pyfuncitem)
    if given is None:
        return None
    from flakestorm.model.errors import FlakestormError

    try:
        given.check(pyfuncitem.nodeid)
    except FlakestormError as error:
        pytest.fail(f"flakestorm could not run it: {error}", pytrace=False)
    return None if given.has_body else True


@pytest.fixture
def storm(request: pytest.FixtureRequest) -> Storm:
    """Mutations, runs, contracts and faults from the code of a test."""
    from flakestorm.storm.fixture import Storm

    return Storm.of(request)


def _given(item: pytest.Function) -> Any:
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get(FIXTURE)
