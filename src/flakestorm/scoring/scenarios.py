"""Counts the trials under faults, scenario by scenario: what fired, what came of it, what it cost."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field

from flakestorm.model.record import TrialRecord
from flakestorm.model.run import DataUse, ScenarioRow, Score
from flakestorm.scoring.behaviour.amplification import AmplificationTally
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.data_use import use_of_data
from flakestorm.scoring.behaviour.recovery import RecoveryTally
from flakestorm.scoring.counts import Cells, Counts
from flakestorm.scoring.faults_fired import FaultTally
from flakestorm.scoring.intervals import Interval, clustered

Weight = Callable[[str], float]

UNMUTATED = ""
"""Stands for the mutation type of trials that only faults disturb; they count once."""


@dataclass
class _Scenario:
    """One scenario while it is counted."""

    counts: Counts = field(default_factory=Counts)
    cells: Cells = field(default_factory=Cells)
    unfired: int = 0
    faults: FaultTally = field(default_factory=FaultTally)
    data: dict[str, int] = field(default_factory=dict)
    recovery: RecoveryTally = field(default_factory=RecoveryTally)
    amplification: AmplificationTally = field(default_factory=AmplificationTally)

    def row(self, name: str, weight: Weight, interval: Interval) -> ScenarioRow:
        return ScenarioRow(
            name=name,
            totals=self.counts.totals,
            rate=self.cells.score(weight, interval),
            unfired=self.unfired,
            faults=self.faults.summary(),
            amplification=self.amplification.summary(),
            recovery=self.recovery.summary(),
            data=DataUse(**self.data),
        )


class ScenarioTally:
    """Streams the trials of all scenarios; ``weight`` gives the weight of a mutation type.

    Only those ``measured`` count in the resilience; None stands for all.
    """

    def __init__(
        self, weight: Weight, measured: Container[str] | None = None, interval: Interval = clustered
    ) -> None:
        self._weight: Weight = lambda type_: weight(type_) if type_ != UNMUTATED else 1.0
        self._scenarios: dict[str, _Scenario] = {}
        self._all = Cells()
        self._measured = measured
        self._interval = interval

    def add(self, record: TrialRecord, case: Case | None) -> None:
        """Count one trial of a scenario; ``case`` is None where no call of it was seen."""
        trial = record.trial
        scenario = self._scenarios.setdefault(trial.scenario, _Scenario())
        scenario.counts.add(record.status)
        scenario.faults.add(record.outcome.calls)
        if not record.outcome.faults_fired:
            scenario.unfired += 1
            return
        kind = trial.mutation.type if trial.mutation else UNMUTATED
        scenario.cells.add(trial.prompt.id, kind, record.status)
        if self._measured is None or trial.scenario in self._measured:
            self._all.add(trial.prompt.id, kind, record.status)
        if case is not None:
            scenario.recovery.add(case)
            scenario.amplification.add(case)
            use = use_of_data(case)
            if use is not None:
                scenario.data[use] = scenario.data.get(use, 0) + 1

    def resilience(self) -> Score | None:
        """Σ weight of passed ÷ Σ weight of judged trials in which a fault fired, over all scenarios."""
        return self._all.score(self._weight, self._interval)

    def rows(self) -> tuple[ScenarioRow, ...]:
        """One row per scenario, the weakest first; those that prove nothing last."""
        rows = [
            scenario.row(name, self._weight, self._interval) for name, scenario in self._scenarios.items()
        ]
        return tuple(sorted(rows, key=lambda row: (row.rate.value if row.rate else 2.0, row.name)))
