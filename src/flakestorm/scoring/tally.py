"""Counts a run while it goes on: records in, the numbers of every report out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flakestorm.model.finding import Finding
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Cell, Latency, PromptRow, Score, Totals, TypeRow
from flakestorm.scoring.causes import CauseTally
from flakestorm.scoring.flakiness import control_findings
from flakestorm.scoring.intervals import clustered, wilson
from flakestorm.scoring.latency import LatencyTally

Counts = dict[TrialStatus, int]


def _totals(counts: Counts) -> Totals:
    return Totals(sum(counts.values()), *(counts.get(status, 0) for status in TrialStatus))


def _count(counts: Counts, status: TrialStatus) -> None:
    counts[status] = counts.get(status, 0) + 1


def _rate(counts: Counts) -> Score | None:
    passed, failed = counts.get(TrialStatus.PASSED, 0), counts.get(TrialStatus.FAILED, 0)
    judged = passed + failed
    return Score(passed / judged, *wilson(passed, judged), judged) if judged else None


@dataclass
class _Prompt:
    """One golden prompt while it is counted."""

    label: str
    text: str
    control: Counts = field(default_factory=dict)
    disturbed: Counts = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    def flakiness(self) -> float:
        """The share of undisturbed trials that failed."""
        rate = _rate(self.control)
        return 1 - rate.value if rate else 0.0


class Tally:
    """Streaming counts of one run. ``weight`` gives the weight of a mutation type."""

    def __init__(self, weight: Callable[[str], float]) -> None:
        self._weight = weight
        self._all: Counts = {}
        self._types: dict[str, Counts] = {}
        self._obeyed: dict[str, int] = {}
        self._prompts: dict[str, _Prompt] = {}
        self._cells: dict[tuple[str, str], Counts] = {}
        self._control_latency = LatencyTally()
        self._disturbed_latency = LatencyTally()
        self.causes = CauseTally()

    def add(self, record: TrialRecord) -> None:
        """Count one finished trial."""
        trial, status = record.trial, record.status
        _count(self._all, status)
        prompt = self._prompt(record)
        # How long an attack takes is the attacker's doing.
        if record.outcome.reply is not None and record.outcome.wire is None:
            latency = self._control_latency if trial.is_control else self._disturbed_latency
            latency.add(record.outcome.latency_ms)
        if trial.is_control:
            _count(prompt.control, status)
        elif trial.mutation is not None:
            self._add_mutation(record, prompt, trial.mutation.type)
        if not trial.is_control:
            self.causes.add(record)

    def _add_mutation(self, record: TrialRecord, prompt: _Prompt, type_: str) -> None:
        status = record.status
        _count(prompt.disturbed, status)
        _count(self._types.setdefault(type_, {}), status)
        _count(self._cells.setdefault((record.trial.prompt.id, type_), {}), status)
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
        return _totals(self._all)

    @property
    def control(self) -> Totals:
        """The control arm alone."""
        merged: Counts = {}
        for prompt in self._prompts.values():
            for status, count in prompt.control.items():
                merged[status] = merged.get(status, 0) + count
        return _totals(merged)

    def robustness(self) -> Score | None:
        """Σ weight of passed ÷ Σ weight of judged mutation trials, clustered by golden prompt."""
        passed: dict[str, float] = {}
        judged: dict[str, float] = {}
        count, squares = 0, 0.0
        # Summed from counts in a fixed order: sums of fractions depend on it, and trials arrive in any.
        for (prompt, type_), counts in sorted(self._cells.items()):
            totals, weight = _totals(counts), self._weight(type_)
            of_cell = totals.passed + totals.failed
            passed[prompt] = passed.get(prompt, 0.0) + weight * totals.passed
            judged[prompt] = judged.get(prompt, 0.0) + weight * of_cell
            squares += weight * weight * of_cell
            count += of_cell
        total = sum(judged.values())
        if not total:
            return None
        low, high = clustered(list(passed.values()), list(judged.values()), total * total / squares)
        return Score(sum(passed.values()) / total, low, high, count)

    def by_type(self) -> tuple[TypeRow, ...]:
        """One row per mutation type, the weakest first."""
        rows = [
            TypeRow(type_, self._weight(type_), _totals(counts), _rate(counts), self._obeyed.get(type_, 0))
            for type_, counts in self._types.items()
        ]
        return tuple(sorted(rows, key=lambda row: (row.rate.value if row.rate else 2.0, row.type)))

    def by_prompt(self) -> tuple[PromptRow, ...]:
        """One row per golden prompt, the weakest first."""
        rows = []
        for id_, prompt in self._prompts.items():
            disturbed = _totals(prompt.disturbed)
            flakiness = prompt.flakiness()
            expected = flakiness * (disturbed.passed + disturbed.failed)
            rows.append(
                PromptRow(
                    id=id_,
                    label=prompt.label,
                    text=prompt.text,
                    control=_totals(prompt.control),
                    disturbed=disturbed,
                    rate=_rate(prompt.disturbed),
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
            for (prompt, type_), counts in self._cells.items()
            for t in (_totals(counts),)
        )

    def latencies(self) -> tuple[Latency | None, Latency | None]:
        """Of the control arm, and of the disturbed trials."""
        return self._control_latency.summary(), self._disturbed_latency.summary()

    def findings(self) -> tuple[Finding, ...]:
        """What the control arm says of the golden prompts by themselves."""
        return control_findings(self.by_prompt())
