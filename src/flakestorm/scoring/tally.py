"""Counts a run while it goes on: records in, the numbers of every report out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from flakestorm.model.ci import CiTerms
from flakestorm.model.contract import ContractResult
from flakestorm.model.fault_map import FaultMap
from flakestorm.model.fault_point import points_in
from flakestorm.model.finding import Finding
from flakestorm.model.measures import Measures
from flakestorm.model.record import TrialRecord
from flakestorm.model.reliability import Surface, point_of
from flakestorm.model.replay import ReplayResult, session_of
from flakestorm.model.run import Cell, Latency, PromptRow, ScenarioRow, Score, Totals, TypeRow
from flakestorm.model.trial import NO_CHAOS
from flakestorm.scoring.behaviour.tally import BehaviourTally
from flakestorm.scoring.behaviour.tokens import Tokens
from flakestorm.scoring.causes import CauseTally
from flakestorm.scoring.contract import ContractTally
from flakestorm.scoring.counts import Cells, Counts
from flakestorm.scoring.fault_map import Describe, FaultMapTally, family_name
from flakestorm.scoring.flakiness import control_findings
from flakestorm.scoring.intervals import Interval, clustered
from flakestorm.scoring.latency import LatencyTally
from flakestorm.scoring.measures import MeasureTally
from flakestorm.scoring.reliability_surface import SurfaceTally
from flakestorm.scoring.replay import ReplayTally
from flakestorm.scoring.scenarios import ScenarioTally


@dataclass
class _Prompt:
    """One golden prompt while it is counted."""

    label: str
    text: str
    control: Counts = field(default_factory=Counts)
    disturbed: Counts = field(default_factory=Counts)
    broken: tuple[str, ...] = ()

    def flakiness(self) -> float:
        """The share of undisturbed trials that failed."""
        rate = self.control.rate()
        return 1 - rate.value if rate else 0.0


class Tally:
    """Streaming counts of one run. ``weight`` gives the weight of a mutation type.

    For an exploration, ``describe`` knows the catalogue of faults: instead of a row for each of its many
    scenarios there is a map of them, and what they show is gathered by families of faults. For a contract,
    ``contract`` counts its cells, for recorded sessions ``replay`` counts these. ``tokens`` finds in replies
    what the run's faults planted. ``measures`` counts what is said beside the scores; for a reliability run,
    ``surface`` counts the points of its grid. ``ci`` says what counts for which pillar where all are run.
    ``interval`` is that of totals.
    """

    def __init__(
        self,
        weight: Callable[[str], float],
        describe: Describe | None = None,
        contract: ContractTally | None = None,
        tokens: Tokens | None = None,
        replay: ReplayTally | None = None,
        measures: MeasureTally | None = None,
        surface: SurfaceTally | None = None,
        ci: CiTerms | None = None,
        interval: Interval = clustered,
    ) -> None:
        self._weight = weight
        self._interval = interval
        self._all = Counts()
        self._types: dict[str, Counts] = {}
        self._obeyed: dict[str, int] = {}
        self._prompts: dict[str, _Prompt] = {}
        self._cells = Cells()
        self._control_latency = LatencyTally()
        self._disturbed_latency = LatencyTally()
        ungathered = str if surface is None else _grid_faults
        gathered = ungathered if describe is None else partial(_family_of, describe)
        self._behaviour = BehaviourTally(gathered, tokens)
        self._scenarios = ScenarioTally(weight, None if ci is None else ci.measured, interval)
        self._is_ci = ci is not None
        self._contract = contract
        self._replay = replay
        self._measures = measures or MeasureTally(interval=interval)
        self._surface = surface
        self._map = None if describe is None else FaultMapTally(describe)
        self.causes = CauseTally(gathered)

    def add(self, record: TrialRecord) -> None:
        """Count one finished trial; the control arm of a golden prompt comes before its other trials."""
        trial, status = record.trial, record.status
        self._all.add(status)
        if session_of(trial.scenario) is not None:
            self._add_replay(record)
            return
        self._measures.add(record)
        if self._surface is not None:
            self._surface.add(record)
        prompt = self._prompt(record)
        # How long an attack takes is the attacker's doing.
        if record.outcome.reply is not None and record.outcome.wire is None:
            latency = self._control_latency if trial.is_control else self._disturbed_latency
            latency.add(record.outcome.latency_ms)
        case = self._behaviour.add(record)
        if self._map is not None:
            self._map.add(record, case)
        if self._contract is not None:
            self._contract.add(record)
        if trial.is_control:
            prompt.control.add(status)
            if self._contract is not None and self._contract.judges_undisturbed:
                self.causes.add(self._of_contract(record))
            return
        prompt.disturbed.add(status)
        self.causes.add(record)
        point = None if self._surface is None else point_of(trial.scenario)
        if trial.scenario != NO_CHAOS and point is None:
            self._scenarios.add(record, case)
        elif trial.mutation is not None and (point is None or not point.rate):
            self._add_mutation(record, trial.mutation.type)

    def _of_contract(self, record: TrialRecord) -> TrialRecord:
        """With the contract's verdicts alone: what breaks an invariant undisturbed is told as a finding."""
        if not self._is_ci or self._contract is None:
            return record
        promised = {promise.name for promise in self._contract.terms.promises}
        return replace(record, verdicts=tuple(v for v in record.verdicts if v.invariant in promised))

    def _add_replay(self, record: TrialRecord) -> None:
        """A replay is no golden prompt, and nothing that was measured undisturbed is a measure of it."""
        self.causes.add(record)
        if record.outcome.reply is not None:
            self._disturbed_latency.add(record.outcome.latency_ms)
        if self._replay is not None:
            self._replay.add(record)

    def _add_mutation(self, record: TrialRecord, type_: str) -> None:
        self._types.setdefault(type_, Counts()).add(record.status)
        self._cells.add(record.trial.prompt.id, type_, record.status)
        if any(v.type == "canary" and v.status.value == "failed" for v in record.verdicts):
            self._obeyed[type_] = self._obeyed.get(type_, 0) + 1

    def _prompt(self, record: TrialRecord) -> _Prompt:
        golden = record.trial.prompt
        found = self._prompts.get(golden.id)
        if found is None:
            label = golden.name or golden.text
            found = self._prompts[golden.id] = _Prompt(label, golden.text)
        return found

    def set_broken(self, broken: dict[str, frozenset[str]]) -> None:
        """Prompt id → the invariants that it always fails undisturbed."""
        for prompt_id, names in broken.items():
            if prompt_id in self._prompts:
                self._prompts[prompt_id].broken = tuple(sorted(names))

    @property
    def totals(self) -> Totals:
        """All trials, control arm included."""
        return self._all.totals

    @property
    def control(self) -> Totals:
        """The control arm alone."""
        merged = Counts()
        for prompt in self._prompts.values():
            merged.add_all(prompt.control)
        return merged.totals

    def robustness(self) -> Score | None:
        """Σ weight of passed ÷ Σ weight of judged trials that only a mutation disturbs."""
        return self._cells.score(self._weight, self._interval)

    def chaos_resilience(self) -> Score | None:
        """The same over the trials in which a fault fired."""
        return self._scenarios.resilience()

    def by_scenario(self) -> tuple[ScenarioRow, ...]:
        """One row per scenario, the weakest first; none for an exploration, which has a map."""
        return () if self._map is not None else self._scenarios.rows()

    def fault_map(self) -> FaultMap | None:
        """The map of an exploration; None for any other run."""
        return None if self._map is None else self._map.fault_map()

    def contract_result(self) -> ContractResult | None:
        """The cells of a contract; None for any other run."""
        return None if self._contract is None else self._contract.result()

    def replay_result(self) -> ReplayResult | None:
        """How recorded sessions went; None for a run without any."""
        return None if self._replay is None else self._replay.result()

    def measures(self) -> Measures:
        """What is said beside the scores."""
        return self._measures.measures()

    def surface(self) -> Surface | None:
        """The reliability surface; None for a run that measures none."""
        return None if self._surface is None else self._surface.surface()

    def by_type(self) -> tuple[TypeRow, ...]:
        """One row per mutation type, the weakest first."""
        rows = [
            TypeRow(type_, self._weight(type_), counts.totals, counts.rate(), self._obeyed.get(type_, 0))
            for type_, counts in self._types.items()
        ]
        return tuple(sorted(rows, key=lambda row: (row.rate.value if row.rate else 2.0, row.type)))

    def by_prompt(self) -> tuple[PromptRow, ...]:
        """One row per golden prompt, the weakest first."""
        rows = []
        for id_, prompt in self._prompts.items():
            disturbed = prompt.disturbed.totals
            flakiness = prompt.flakiness()
            expected = flakiness * (disturbed.passed + disturbed.failed)
            rows.append(
                PromptRow(
                    id=id_,
                    label=prompt.label,
                    text=prompt.text,
                    control=prompt.control.totals,
                    disturbed=disturbed,
                    rate=prompt.disturbed.rate(),
                    flakiness=flakiness,
                    beyond_flakiness=max(0.0, disturbed.failed - expected),
                    broken=prompt.broken,
                )
            )
        return tuple(sorted(rows, key=lambda row: (row.rate.value if row.rate else 2.0, row.label)))

    def cells(self) -> tuple[Cell, ...]:
        """Golden prompt × mutation type."""
        return tuple(
            Cell(prompt, type_, t.passed, t.passed + t.failed, t.errored)
            for (prompt, type_), counts in self._cells.counts.items()
            for t in (counts.totals,)
        )

    def latencies(self) -> tuple[Latency | None, Latency | None]:
        """Of the control arm, and of the disturbed trials."""
        return self._control_latency.summary(), self._disturbed_latency.summary()

    def findings(self) -> tuple[Finding, ...]:
        """What the control arm says of the golden prompts, and what calls say of the agent."""
        of_contract = () if self._contract is None else self._contract.findings()
        return (*control_findings(self.by_prompt()), *of_contract, *self._behaviour.findings())


def _grid_faults(scenario: str) -> str:
    """One name for the faults at all points of a grid: they are the same ones, more or less often."""
    return scenario if point_of(scenario) is None else "faults at any rate"


def _family_of(describe: Describe, scenario: str) -> str:
    points = points_in(scenario)
    return f"{family_name(points, describe)} faults" if points else scenario
