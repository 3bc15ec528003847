"""A finding: something wrong with the agent that flakestorm noticed by itself."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """``title`` could be pasted into an issue; ``detail`` explains; ``trials`` are the ids that show it."""

    kind: str
    severity: Severity
    title: str
    detail: str = ""
    trials: tuple[str, ...] = ()
