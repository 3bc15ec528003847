"""The trials of a contract: one for each prompt × scenario × repeat, whatever the number of invariants."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flakestorm.core.contract_matrix import Contract
from flakestorm.core.plan import Selection
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.scoring.contract_state import MOST, ControlReplies

TO_COMPARE = 2
"""Undisturbed repeats without which nobody could tell an agent with a memory from one without."""


class ContractPlan:
    """The undisturbed trials in rounds, a round for each repeat, then all scenarios at once.

    Each round of undisturbed trials ends before the next one begins, so that an agent which remembers shows
    it. That is not asked of an ``independent`` agent: one that is reset before each trial.
    """

    def __init__(
        self,
        contract: Contract,
        repeats: int,
        control_repeats: int,
        independent: bool = False,
        deterministic: bool = False,
        selection: Selection | None = None,
    ) -> None:
        least = 1 if independent else TO_COMPARE
        if contract.judges_undisturbed:
            least = max(least, repeats)
        self._contract = contract
        self._repeats = repeats
        self._control_repeats = max(control_repeats, least)
        self._independent = independent
        self._selection = selection
        self._replies = ControlReplies(deterministic)
        self._pairs = [
            (prompt, column)
            for prompt in contract.prompts
            for column in contract.columns
            if column != NO_CHAOS and contract.judging(prompt, column)
        ]

    def control(self) -> Iterator[Trial]:
        """Every prompt once, undisturbed; all repeats where they cannot see each other."""
        return self._undisturbed(0, self._control_repeats if self._independent else 1)

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """The other undisturbed repeats one after the other, then the scenarios."""
        if not self._independent:
            for repeat in range(1, self._control_repeats):
                yield self._undisturbed(repeat, repeat + 1)
            yield from self._asked_again()
        yield self._under_faults()

    def attacks(self) -> Iterator[Trial]:
        """None: a contract is about what breaks around the agent."""
        return iter(())

    def planned(self) -> int:
        """How many trials there will be; a few more where replies move on."""
        if self._selection is None:
            return len(self._contract.prompts) * self._control_repeats + len(self._pairs) * self._repeats
        return sum(1 for _ in chain(self.undisturbed(), self._under_faults()))

    def observe(self, record: TrialRecord) -> None:
        """Remember what was replied undisturbed."""
        if record.trial.is_control:
            self._replies.add(record)

    def undisturbed(self) -> Iterator[Trial]:
        """All undisturbed trials that are planned from the beginning."""
        return self._undisturbed(0, self._control_repeats)

    def _asked_again(self) -> Iterator[Iterator[Trial]]:
        """Some prompts once more, as long as more replies would tell memory from chance."""
        if self._selection is not None:
            return
        for repeat in range(self._control_repeats, self._control_repeats + MOST):
            yield iter([Trial.of(prompt, repeat=repeat) for prompt in self._replies.undecided()])

    def _undisturbed(self, first: int, end: int) -> Iterator[Trial]:
        prompts = self._wanted()
        return (Trial.of(prompt, repeat=repeat) for repeat in range(first, end) for prompt in prompts)

    def _wanted(self) -> tuple[GoldenPrompt, ...]:
        """The prompts to run undisturbed: those of a selection are the measure of what it selects."""
        prompts, selection = self._contract.prompts, self._selection
        if selection is None:
            return prompts
        undisturbed = (
            Trial.of(prompt, repeat=repeat) for prompt in prompts for repeat in range(self._control_repeats)
        )
        wanted = {t.prompt.id for t in chain(self._under_faults(), filter(selection, undisturbed))}
        return tuple(prompt for prompt in prompts if prompt.id in wanted)

    def _under_faults(self) -> Iterator[Trial]:
        # The scenarios take turns, so that a partial run is fair to each.
        trials = (
            Trial.of(prompt, scenario=column, repeat=repeat)
            for repeat in range(self._repeats)
            for prompt, column in self._pairs
        )
        return trials if self._selection is None else filter(self._selection, trials)
