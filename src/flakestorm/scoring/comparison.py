"""Two runs against each other, trial by trial: is the second one worse?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from flakestorm.model.record import TrialStatus
from flakestorm.scoring.comparison_evidence import collapse_probability, mcnemar_exact, paired_interval
from flakestorm.scoring.intervals import CONFIDENCE

MARGIN = 0.05
"""A difference up to this is tolerated where nothing shows that there is one at all."""
LOST_BUDGET = 0.05
"""The share of trials with a verdict before and none now, above which nothing can be called not worse."""
ALPHA = 1 - CONFIDENCE

_JUDGED = (TrialStatus.PASSED, TrialStatus.FAILED)


class ComparisonVerdict(str, Enum):
    """What the pairs show. "Not worse" means: not by more than the margin."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    INCONCLUSIVE = "inconclusive"

    def __str__(self) -> str:
        return self.value

    @property
    def exit_code(self) -> int:
        """1 for worse, 0 for not worse, 4 for inconclusive."""
        return {ComparisonVerdict.WORSE: 1, ComparisonVerdict.NOT_WORSE: 0}.get(self, 4)


class Pair(NamedTuple):
    """The same trial in both runs. ``request`` is the same for the repeats of one request.

    ``arm`` is the mutation type or the scenario; empty in the control arm.
    """

    prompt: str
    arm: str
    request: int
    base: TrialStatus
    head: TrialStatus


@dataclass
class ArmRow:
    """One mutation type or scenario, "" for the control arm: trials judged in both runs, and what changed."""

    name: str
    judged: int = 0
    newly_failing: int = 0
    newly_passing: int = 0


@dataclass(frozen=True, slots=True)
class Collapse:
    """A golden prompt that fails all of ``failed`` undisturbed trials, and passed all of them before."""

    prompt: str
    failed: int


@dataclass(frozen=True)
class Numbers:
    """The numbers of a comparison. All counts are trials but those of ``requests``.

    ``lost`` were judged in the first run and not in the second. The repeats of a request are one of
    ``requests``, which is ``worse_requests`` where more of them fail than before. ``difference`` is by how
    much the share of failures has grown, with its interval; None without pairs.
    """

    verdict: ComparisonVerdict
    pairs: int
    judged: int
    lost: int
    newly_failing: int
    newly_passing: int
    requests: int
    worse_requests: int
    better_requests: int
    p_value: float
    difference: float | None
    low: float
    high: float
    margin: float
    arms: tuple[ArmRow, ...]
    collapsed: tuple[Collapse, ...]


@dataclass
class _Prompt:
    """A golden prompt: [passed, failed] in both control arms, and among all trials of the first run."""

    base_control: list[int] = field(default_factory=lambda: [0, 0])
    head_control: list[int] = field(default_factory=lambda: [0, 0])
    base: list[int] = field(default_factory=lambda: [0, 0])

    def collapsed(self, alpha: float) -> bool:
        """Whether all control trials fail now, all passed before, and chance alone would hardly do that."""
        failed = self.head_control[1]
        if self.head_control[0] or not failed or self.base_control[1] or not self.base_control[0]:
            return False
        return collapse_probability(self.base[1], sum(self.base), failed) <= alpha


def judge_pairs(
    pairs: Iterable[Pair], margin: float = MARGIN, partial: bool = False, chosen: bool = False
) -> Numbers:
    """Count ``pairs`` and judge them; ``margin`` is the difference of rates (0–1) that is tolerated.

    Worse: McNemar's exact test over requests rejects at 5 %, or a golden prompt has collapsed. Not worse: the
    upper end of the interval is within the margin, and no run is ``partial``. Nothing is shown where trials
    were ``chosen`` by how others ended. Why repeats count once and prompts are not clusters is in
    docs/comparing.md.
    """
    return _Counter().count(pairs).numbers(margin, partial, chosen)


class _Counter:
    """Pairs in, numbers out."""

    def __init__(self) -> None:
        self.pairs = self.judged_before = self.lost = 0
        self.arms: dict[str, ArmRow] = {}
        self.requests: dict[int, list[int]] = {}
        self.prompts: dict[str, _Prompt] = {}

    def count(self, pairs: Iterable[Pair]) -> _Counter:
        """Count all ``pairs``."""
        for pair in pairs:
            self.pairs += 1
            base, head = pair.base in _JUDGED, pair.head in _JUDGED
            self._count_prompt(pair, base, head)
            self.judged_before += base
            self.lost += base and not head
            if base and head:
                self._count_judged(pair)
        return self

    def _count_prompt(self, pair: Pair, base: bool, head: bool) -> None:
        prompt = self.prompts.get(pair.prompt)
        if prompt is None:
            prompt = self.prompts[pair.prompt] = _Prompt()
        if base:
            prompt.base[pair.base is TrialStatus.FAILED] += 1
        if not pair.arm:
            if base:
                prompt.base_control[pair.base is TrialStatus.FAILED] += 1
            if head:
                prompt.head_control[pair.head is TrialStatus.FAILED] += 1

    def _count_judged(self, pair: Pair) -> None:
        change = (pair.head is TrialStatus.FAILED) - (pair.base is TrialStatus.FAILED)
        arm = self.arms.get(pair.arm)
        if arm is None:
            arm = self.arms[pair.arm] = ArmRow(pair.arm)
        arm.judged += 1
        arm.newly_failing += change > 0
        arm.newly_passing += change < 0
        request = self.requests.setdefault(pair.request, [0, 0])
        request[0] += 1
        request[1] += change

    def numbers(self, margin: float, partial: bool, chosen: bool) -> Numbers:
        """All numbers, and the verdict that they allow."""
        shares = [change / repeats for repeats, change in self.requests.values()]
        worse, better = sum(s for s in shares if s > 0), -sum(s for s in shares if s < 0)
        worse_requests, better_requests = sum(s > 0 for s in shares), sum(s < 0 for s in shares)
        p_value = mcnemar_exact(worse_requests, better_requests)
        low, high = paired_interval(worse, better, len(shares))
        alpha = ALPHA / 2 / max(1, len(self.prompts))
        collapsed = tuple(
            Collapse(name, prompt.head_control[1])
            for name, prompt in self.prompts.items()
            if prompt.collapsed(alpha)
        )
        lost_too_many = self.lost > LOST_BUDGET * max(1, self.judged_before)
        if chosen:
            verdict = ComparisonVerdict.INCONCLUSIVE
        elif collapsed or (worse_requests > better_requests and p_value <= ALPHA):
            verdict = ComparisonVerdict.WORSE
        elif shares and high <= margin and not lost_too_many and not partial:
            verdict = ComparisonVerdict.NOT_WORSE
        else:
            verdict = ComparisonVerdict.INCONCLUSIVE
        arms = sorted(self.arms.values(), key=lambda arm: (arm.newly_passing - arm.newly_failing, arm.name))
        return Numbers(
            verdict=verdict,
            pairs=self.pairs,
            judged=sum(arm.judged for arm in arms),
            lost=self.lost,
            newly_failing=sum(arm.newly_failing for arm in arms),
            newly_passing=sum(arm.newly_passing for arm in arms),
            requests=len(shares),
            worse_requests=worse_requests,
            better_requests=better_requests,
            p_value=p_value,
            difference=(worse - better) / len(shares) if shares else None,
            low=low,
            high=high,
            margin=margin,
            arms=tuple(arms),
            collapsed=collapsed,
        )
