"""The scenarios of a run: those wished for, or those of the run that goes on or is run again in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.recall import stored_fact
from flakestorm.model.errors import UsageError
from flakestorm.store.runs import RunFolder

CHAOS = "chaos"
"""The name under which a run stores its scenarios, so that resuming it goes through the same ones."""

_KINDS = {
    "measured": "run of flakestorm ci",
    "budget": "exploration",
    "columns": "contract",
    "grid": "reliability surface",
}


def chaos_of(wanted: Chaos | None, resume: str | None, only: str | None, folder: RunFolder) -> Chaos | None:
    """``wanted``, unless the run ``resume`` has its own scenarios, or nothing is wanted and ``only`` has.

    Raises ``UsageError`` where another kind of run is to go on than the stored one is.
    """
    if wanted is not None and resume is None:
        return wanted
    if resume is not None:
        stored = folder.open(resume)
        try:
            scenarios = stored.facts().get(CHAOS)
        finally:
            stored.close()
        _check_kind(wanted, scenarios or {}, stored.id)
    else:
        scenarios = stored_fact(only, folder, CHAOS) if only else None
    return Chaos.from_dict(scenarios) if scenarios else None


def _check_kind(wanted: Chaos | None, stored: Mapping[str, Any], run_id: str) -> None:
    for key, kind in _KINDS.items():
        # A run of all pillars may have no scenario that counts as chaos, and is one all the same.
        nothing: tuple[object, ...] = (None,) if key == "measured" else (None, (), [])
        if wanted is not None and getattr(wanted, key) not in nothing and stored.get(key) in nothing:
            raise UsageError(f"run {run_id} is no {kind}. Go on with it by: flakestorm run --resume {run_id}")
