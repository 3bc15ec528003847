"""What a run says beside its scores: repeatability, robustness ratios, obedience to attacks, over-refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flakestorm.model.run import Score


@dataclass(frozen=True, slots=True)
class PassHat:
    """pass^k: how likely ``k`` trials of one golden prompt all pass, the mean over golden prompts."""

    k: int
    score: Score


@dataclass(frozen=True, slots=True)
class Measures:
    """Each is None (or empty) where nothing of it could be judged.

    ``undisturbed`` is pass^k of the control arm, ``disturbed`` that of trials which only a mutation
    disturbs. ``prompts``, ``environment`` and ``faults`` are robustness ratios: the pass rate disturbed so ÷
    the pass rate undisturbed, 1 at most. ``attack_success`` and ``over_refusal`` are rates: less is better.
    """

    undisturbed: tuple[PassHat, ...] = ()
    disturbed: tuple[PassHat, ...] = ()
    prompts: Score | None = None
    environment: Score | None = None
    faults: Score | None = None
    attack_success: Score | None = None
    over_refusal: Score | None = None

    @property
    def any(self) -> bool:
        """Whether anything is known."""
        return self != Measures()
