"""Amplification: how many more calls and tokens a trial takes when its environment is disturbed."""

from __future__ import annotations

from array import array
from statistics import median

from flakestorm.model.run import Amplification
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.control import TOKENS, amounts


class AmplificationTally:
    """Collects the ratios of disturbed trials to their control arm, four bytes each."""

    def __init__(self) -> None:
        self._ratios: dict[str, array[float]] = {}

    def add(self, case: Case) -> None:
        """Count one disturbed trial; what its control arm never did has no ratio.

        Where no answer told its tokens, nothing is known of them, which is not the same as none.
        """
        found = amounts(case.record)
        for what in case.control.counts:
            usual = case.control.usual(what)
            if usual and (what != TOKENS or what in found):
                self._ratios.setdefault(what, array("f")).append(found.get(what, 0) / usual)

    def summary(self) -> tuple[Amplification, ...]:
        """Median and worst ratio of each kind of call and of tokens, by name."""
        return tuple(
            Amplification(what, round(median(ratios), 3), round(max(ratios), 3), len(ratios))
            for what, ratios in sorted(self._ratios.items())
        )
