"""What the caller of a run asks for beside the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from flakestorm.core.cassette_run import CassetteWish
from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.replay_run import Replays
from flakestorm.model.ci import CiTerms
from flakestorm.store.runs import RunFolder


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for beside the configuration.

    ``resume`` is a run id, the beginning of one, or ``latest``. ``only`` is a selection such as
    ``failed``. ``min_score`` (0–1) overrides the configuration's. ``target`` is an agent object. ``chaos``
    are the scenarios to go through; a resumed run has its own. ``replays`` are recorded sessions, which a
    resumed run needs again. ``ci`` is what a run of all pillars is judged by.
    ``cassette`` answers the agent's calls, or keeps the answers; a resumed run needs the same one again.
    """

    resume: str | None = None
    only: str | None = None
    min_score: float | None = None
    target: object | None = None
    chaos: Chaos | None = None
    replays: Replays | None = None
    ci: CiTerms | None = None
    cassette: CassetteWish | None = None
    folder: RunFolder = field(default_factory=RunFolder)
