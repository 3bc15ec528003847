"""Does flakestorm find bugs, and does it leave correct agents alone? Planted defects, and agents without any.

The quick form of ``benchmarks/finding_power.py``: a search for a defect ends as soon as it was found.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from planted.catalogue import CORRECT, DEFECTIVE
from planted.examination import Examination, Plan, examine, examine_served, examine_until_found, types_of
from planted.server_defects import SERVED
from planted.servers import Served
from planted.specimen import Profile

RECALL = 0.95
AT_ONCE = 12
"""Servers that are examined at the same time: most of an attack is waiting."""

pytestmark = pytest.mark.slow


def test_defects_are_found(tmp_path: Path) -> None:
    """Of the agents with one planted defect at least 95 % are found out, in 500 calls each."""
    missed = []
    for specimen in DEFECTIVE:
        examination = examine_until_found(specimen, Plan(types_of(specimen.profile)), tmp_path)
        assert examination.clean or specimen.noisy, specimen.name
        if not examination.found:
            missed.append(f"{specimen.name}: {specimen.defect}")
    assert len(DEFECTIVE) >= 80
    assert 1 - len(missed) / len(DEFECTIVE) >= RECALL, missed


def test_a_search_without_settings_finds_them_soon(tmp_path: Path) -> None:
    """Where the user configures nothing but a budget: most within 500 calls, half of them within 60.

    The aims are 95 % and 33 calls; seeds differ by a few percent, and a test must not depend on luck.
    """
    runs = [examine_until_found(specimen, Plan((), search=True), tmp_path) for specimen in DEFECTIVE]
    found = sorted(run.found for run in runs if run.found)
    assert len(found) / len(DEFECTIVE) >= 0.9, [run.name for run in runs if not run.found]
    assert found[len(DEFECTIVE) // 2] <= 60


@pytest.mark.parametrize(
    "plan",
    [
        Plan((), calls=300),
        Plan(types_of(Profile.ALL_TEXT), calls=300),
        Plan((), calls=300, search=True),
    ],
)
def test_correct_agents_are_left_alone(plan: Plan, tmp_path: Path) -> None:
    """Ten correct agents together have at most one failing mutation type, and no critical failure."""
    examinations = [examine(specimen, plan, tmp_path) for specimen in CORRECT]
    assert len(examinations) >= 10
    assert all(examination.clean for examination in examinations)
    assert [one for one in examinations if one.critical] == []
    failing = [(one.name, dict(one.failing)) for one in examinations if one.failing]
    assert sum(len(types) for _, types in failing) <= len(examinations) / 10, failing


async def examined(servers: list[tuple[Served, Plan]], folder: Path) -> list[Examination]:
    """All of them, a few at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(served: Served, plan: Plan) -> Examination:
        async with free:
            return await examine_served(served, plan, folder / served.name)

    return await asyncio.gather(*(one(served, plan) for served, plan in servers))


async def test_servers_with_defects_are_found(tmp_path: Path) -> None:
    """So are the defects of servers, with the types that speak of them."""
    defective = [(served, Plan(served.types, calls=48)) for served in SERVED if served.defect]
    missed = [one.name for one in await examined(defective, tmp_path) if not one.found]
    assert 1 - len(missed) / len(defective) >= 0.9, missed


async def test_correct_servers_are_left_alone(tmp_path: Path) -> None:
    """Correct servers answer attacks of all kinds without a failure."""
    plan = Plan(types_of(Profile.PROTOCOL), calls=40)
    correct = [(served, plan) for served in SERVED if not served.defect]
    examinations = await examined(correct, tmp_path)
    assert [(one.name, dict(one.failing)) for one in examinations if one.failing or not one.clean] == []
