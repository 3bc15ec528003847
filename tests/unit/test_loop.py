"""Coroutines run from synchronous code, and nothing of how they were run stays behind."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from flakestorm.loop import NEW_OBJECTS, run_async


def test_the_process_is_left_as_it_was(tmp_path: Path) -> None:
    """Garbage is looked for less often meanwhile; the folder and the collector are what they were before."""
    before = gc.get_threshold(), os.getcwd()

    async def wander() -> int:
        os.chdir(tmp_path)
        return gc.get_threshold()[0]

    assert run_async(wander()) == NEW_OBJECTS
    assert (gc.get_threshold(), os.getcwd()) == before
    assert gc.get_freeze_count() == 0


def test_so_it_is_after_a_failure() -> None:
    """What is raised comes through."""
    before = gc.get_threshold()

    async def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        run_async(fail())
    assert gc.get_threshold() == before
