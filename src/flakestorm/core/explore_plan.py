"""What to run in an exploration: every fault at every call that the control arm made, then pairs of them.

First each fault is tried once at each call, the golden prompts taking turns; then with the other prompts;
then pairs of faults that did no harm alone. Each round follows from the records of the rounds before, never
from the order in which they came, so that concurrency changes nothing and a resumed exploration repeats its
decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from flakestorm.core.explore_faults import LATE_MS
from flakestorm.core.explore_pairs import Pair, pairs
from flakestorm.core.explore_space import Single, Trace, singles
from flakestorm.model.errors import UsageError
from flakestorm.model.fault_point import FaultPoint, scenario_name
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import Trial
from flakestorm.scoring.fault_states import broke

PAIR_SHARE = 5
"""One trial in so many is kept for pairs where the single faults alone would take the whole budget."""
PAIR_ROUND = 24
CONFIRMATIONS = 2
"""So often a failing pair is run again, and a failing fault of a golden prompt that is flaky anyway."""


class ExplorePlan:
    """The trials of an exploration, ``budget`` of them at most, those of the control arm included.

    With ``scouting``, each model and tool is first slowed down in a trial that runs alone: whoever runs the
    trials may learn from it that they hold each other up, and from then on run them one by one. ``note``
    takes sentences on what the budget did not reach. Raises ``UsageError`` when it does not even reach beyond
    the control arm.
    """

    def __init__(
        self,
        prompts: Sequence[GoldenPrompt],
        budget: int,
        control_repeats: int = 3,
        seed: int = 0,
        scouting: bool = False,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._prompts = tuple(prompts)
        self._budget = budget
        self._control_repeats = control_repeats
        self._seed = seed
        self._scouting = scouting
        self._note = note
        self._records: dict[str, TrialRecord] = {}
        self._control: list[TrialRecord] = []
        self._tried: dict[Single, TrialRecord] = {}
        control = len(self._prompts) * control_repeats
        if budget <= control:
            raise UsageError(
                f"a budget of {budget} trials leaves nothing to explore with: the golden prompts are run "
                f"undisturbed first, which takes {control} ({len(self._prompts)} × advanced.control_repeats "
                f"{control_repeats}). Give more with --budget, or lower control_repeats."
            )
        self._left = budget - control

    def control(self) -> Iterator[Trial]:
        """The control arm, whose calls are where faults can be put."""
        for repeat in range(self._control_repeats):
            for prompt in self._prompts:
                yield Trial.of(prompt, repeat=repeat)

    def attacks(self) -> Iterator[Trial]:
        """None: the environment is explored, not the protocol."""
        return iter(())

    def planned(self) -> int:
        """How many trials there will be; an upper limit, as there may be fewer faults and pairs."""
        return self._budget

    def observe(self, record: TrialRecord) -> None:
        """Take note of a finished trial, of this execution or of an earlier one of the same exploration."""
        if record.trial.is_control:
            self._control.append(record)
        else:
            self._records[record.trial.id] = record

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """One round after the other; all trials of a round must be observed before the next is asked for."""
        turns = singles(self._traces())
        everything = [single for turn in turns for single in turn]
        reserved = self._left // PAIR_SHARE if len(everything) > self._left * (1 - 1 / PAIR_SHARE) else 0
        first = turns[0] if turns else []
        for scout in filter(_is_scout, first if self._scouting else ()):
            yield from self._singles([scout], min(1, self._left - reserved))
        yield from self._singles(first, self._left - reserved)
        yield from self._singles(everything, self._left - reserved)
        yield from self._repeated(
            [((point,), prompt) for point, prompt in self._tried if self._is_flaky(prompt)]
        )
        yield from self._pairs()
        yield from self._singles(everything, self._left)
        self._tell_untried(everything)

    def _singles(self, wanted: Iterable[Single], most: int) -> Iterator[Iterator[Trial]]:
        """A round of ``most`` single faults that were not tried yet, and what came of them."""
        chosen = list(islice((single for single in wanted if single not in self._tried), most))
        yield from self._round([_trial((point,), prompt) for point, prompt in chosen])
        for point, prompt in chosen:
            record = self._records.get(_trial((point,), prompt).id)
            if record is not None:
                self._tried[point, prompt] = record

    def _pairs(self) -> Iterator[Iterator[Trial]]:
        """Pairs of faults that do no harm alone, as long as the budget lasts; what fails is made sure of."""
        control = self._traces()
        usual = {(position, trace.prompt) for trace in control for position in trace.positions}
        found = pairs(self._tried, control, self._seed)
        total = len(found)
        queue = iter(found)
        while self._left and (wanted := list(islice(queue, min(PAIR_ROUND, self._left)))):
            yield from self._round([_trial(points, prompt) for points, prompt in wanted])
            failing = [(points, prompt) for points, prompt in wanted if self._broke(points, prompt)]
            # A pair is known to be minimal when each half was tried alone with the same prompt, where it can.
            halves = dict.fromkeys((point, prompt) for points, prompt in failing for point in points)
            halves = {half: None for half in halves if (half[0].position, half[1]) in usual}
            yield from self._singles(halves, self._left)
            yield from self._repeated(failing)
        untried = sum(1 for _ in queue)
        if untried:
            self._note(
                f"{untried:,} of {total:,} pairs of faults were not tried: the budget of {self._budget:,} "
                "trials is spent. --budget gives more."
            )

    def _tell_untried(self, everything: Sequence[Single]) -> None:
        untried = [single for single in everything if single not in self._tried]
        if untried:
            never = {point for point, _ in untried} - {point for point, _ in self._tried}
            self._note(
                f"{len(untried):,} of {len(everything):,} single faults were not tried: the budget of "
                f"{self._budget:,} trials is spent. {len(never):,} of them were tried with no golden prompt."
            )

    def _repeated(self, sets: Iterable[Pair]) -> Iterator[Iterator[Trial]]:
        """Those of ``sets`` that failed, again."""
        trials = (
            _trial(points, prompt, repeat)
            for points, prompt in sets
            if self._broke(points, prompt)
            for repeat in range(1, CONFIRMATIONS + 1)
        )
        yield from self._round(list(islice(trials, self._left)))

    def _round(self, trials: list[Trial]) -> Iterator[Iterator[Trial]]:
        if trials:
            self._left -= len(trials)
            yield iter(trials)

    def _broke(self, points: tuple[FaultPoint, ...], prompt: GoldenPrompt) -> bool:
        record = self._records.get(_trial(points, prompt).id)
        return record is not None and broke(record)

    def _is_flaky(self, prompt: GoldenPrompt) -> bool:
        own = [record for record in self._control if record.trial.prompt.id == prompt.id]
        return any(record.status is not TrialStatus.PASSED for record in own)

    def _traces(self) -> list[Trace]:
        """The calls of each golden prompt, as its longest undisturbed trial made them."""
        found = []
        for prompt in self._prompts:
            own = [record for record in self._control if record.trial.prompt.id == prompt.id]
            own.sort(key=lambda record: (-len(record.outcome.calls), record.trial.repeat))
            found.append(Trace.of(prompt, own[0].outcome.calls if own else ()))
        return found


def _is_scout(single: Single) -> bool:
    point, _ = single
    return point.position.number == 1 and point.fault in LATE_MS


def _trial(points: tuple[FaultPoint, ...], prompt: GoldenPrompt, repeat: int = 0) -> Trial:
    return Trial.of(prompt, scenario=scenario_name(points), repeat=repeat)
