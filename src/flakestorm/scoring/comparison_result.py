"""What a comparison tells: both runs, the numbers, and the trials that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flakestorm.model.verdict import Severity
from flakestorm.scoring.comparison import LOST_BUDGET, ComparisonVerdict, Numbers

_CHOOSING = ("search", "explore")
"""Strategies whose trials follow from how others ended; all other ones send the same trials each time."""


@dataclass(frozen=True, slots=True)
class RunLabel:
    """Which run it is: what of its facts matters in a comparison. ``branch`` and ``commit`` may be empty."""

    id: str
    started_at: str
    status: str
    strategy: str
    seed: int
    config_digest: str
    branch: str = ""
    commit: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether only a part of the plan was run."""
        return self.status != "complete"

    @property
    def is_chosen(self) -> bool:
        """Whether its trials were chosen by how others ended."""
        return self.strategy in _CHOOSING


@dataclass(frozen=True, slots=True)
class Change:
    """A trial that ended otherwise. ``rule`` is what is (or was) broken; all texts are cut short.

    ``before`` and ``after`` are the replies; None where there is none.
    """

    id: str
    prompt: str
    arm: str
    operator: str
    sent: str
    rule: str
    severity: Severity
    why: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Comparison:
    """Two runs compared. ``failing_ids`` and ``passing_ids`` are all trials that changed.

    ``newly_failing`` and ``newly_passing`` are the gravest of them; ``only_base`` and ``only_head`` count
    trials that the other run does not have; ``labels`` has the golden prompts by id.
    """

    base: RunLabel
    head: RunLabel
    numbers: Numbers
    only_base: int
    only_head: int
    failing_ids: tuple[str, ...]
    passing_ids: tuple[str, ...]
    newly_failing: tuple[Change, ...]
    newly_passing: tuple[Change, ...]
    labels: Mapping[str, str]

    @property
    def headline(self) -> str:
        """The verdict as a sentence with its uncertainty."""
        found = self.numbers
        if found.difference is None:
            return f"Inconclusive: no trial was judged in both runs ({found.pairs:,} pairs)."
        word = str(found.verdict).capitalize()
        return (
            f"{word}: {found.newly_failing:,} trials newly fail and {found.newly_passing:,} newly pass of "
            f"{found.judged:,} compared (failures {100 * found.difference:+.1f} points, 95 % interval "
            f"{100 * found.low:+.1f} to {100 * found.high:+.1f}; McNemar's exact p = {found.p_value:.2g})."
        )

    def reasons(self) -> Iterator[str]:
        """What led to the verdict, and what to know about it, a sentence each."""
        found = self.numbers
        for one in found.collapsed:
            yield (
                f"The golden prompt '{self.labels.get(one.prompt, one.prompt)}' now fails all {one.failed} "
                "undisturbed trials; before, it passed all of them."
            )
        if found.verdict is ComparisonVerdict.INCONCLUSIVE:
            yield from self._why_inconclusive()
        if found.requests < found.judged:
            yield f"The {found.judged:,} trials are {found.requests:,} requests: repeats of one count as one."
        if self.only_base or self.only_head:
            yield (
                f"{self.only_base:,} trials are only in {self.base.id} and {self.only_head:,} only in "
                f"{self.head.id}; these are not compared.{self._why_unpaired()}"
            )

    def _why_inconclusive(self) -> Iterator[str]:
        found = self.numbers
        if found.difference is None:
            return
        if found.high > found.margin:
            yield (
                f"It may be worse by up to {100 * found.high:.1f} points, and the margin is "
                f"{100 * found.margin:.1f}. "
                f"How many trials tell: flakestorm plan --detect {found.margin:.3g}"
            )
        if found.lost > LOST_BUDGET * found.judged:
            yield (
                f"{found.lost:,} trials had a verdict in {self.base.id} and have none in {self.head.id} "
                "(errors, or rules set aside), so that what became of them is unknown."
            )
        for label in (self.base, self.head):
            if label.is_partial:
                yield f"Run {label.id} is partial: what is left could still fail."
            if label.is_chosen:
                yield f"Run {label.id} is no uniform run: its trials were chosen by how others ended."

    def _why_unpaired(self) -> str:
        if self.base.seed != self.head.seed:
            return f" The seeds differ ({self.base.seed} and {self.head.seed}); with one seed all would pair."
        if self.base.config_digest != self.head.config_digest:
            return " The configurations differ."
        return ""
