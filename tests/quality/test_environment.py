"""Does flakestorm find bugs that only a bad environment shows, and does it leave correct agents alone?

The quick form of ``benchmarks/finding_faults.py``: one seed, and only a few agents are explored.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from environment.defects import CORRECT, PLANTED
from environment.desk import Desk
from environment.examination import exploration, place

RECALL = 0.95
EXPLORED = frozenset({"EmptyChoicesCrash", "UsesOldResults", "RefundsTwice"})
"""Defects of a model's answer, of a result, and of an effect."""

pytestmark = pytest.mark.slow


async def test_profiles_find_planted_bugs(tmp_path: Path) -> None:
    """With all profiles at least 95 % show by a rule or finding that is right; the correct are left alone."""
    async with place(tmp_path) as here:
        done = await here.examine_all([*CORRECT, *(planted.desk for planted in PLANTED)])
    assert len(PLANTED) >= 24
    assert [desk.__name__ for desk, seen in done.items() if not seen.clean] == []
    missed = [p.name for p in PLANTED if not done[p.desk].beyond(done[p.twin], p)]
    assert 1 - len(missed) / len(PLANTED) >= RECALL, missed
    assert {desk.__name__: done[desk].critical for desk in CORRECT if done[desk].critical} == {}
    assert sum(len(done[desk].findings) for desk in CORRECT) <= 1


async def test_explorations_find_planted_bugs(tmp_path: Path) -> None:
    """So does a fault at every call, with the budget that an exploration has by default."""
    chosen = [planted for planted in PLANTED if planted.name in EXPLORED]
    async with place(tmp_path) as here:
        done = await here.examine_all([Desk, *(planted.desk for planted in chosen)], exploration)
    assert len(chosen) == len(EXPLORED)
    assert [p.name for p in chosen if not done[p.desk].beyond(done[Desk], p)] == []
    assert done[Desk].critical == frozenset()
