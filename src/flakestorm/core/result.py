"""What the Python interface returns of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Latency, Run


@dataclass(frozen=True, slots=True)
class TypeStatistics:
    """How one mutation type went; ``pass_rate`` is 0–1 of the judged trials."""

    mutation_type: str
    total: int
    passed: int
    pass_rate: float


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """The figures of a run. Latencies are milliseconds over all disturbed trials that got a reply."""

    robustness_score: float
    total_mutations: int
    passed_mutations: int
    failed_mutations: int
    avg_latency_ms: float
    p50_latency_ms: float
    p95_latency_ms: float
    p99_latency_ms: float
    duration_seconds: float
    by_type: list[TypeStatistics] = field(default_factory=list)


@dataclass(frozen=True)
class RunResult:
    """A finished run. ``run`` is the whole of it; the rest are short cuts."""

    run: Run

    @property
    def robustness_score(self) -> float:
        """0–1; 0 when nothing could be judged (``run.scores.robustness`` is then None)."""
        score = self.run.scores.robustness
        return score.value if score else 0.0

    @property
    def records(self) -> Iterator[TrialRecord]:
        """Every trial, in the order of finishing."""
        return self.run.records()

    @property
    def statistics(self) -> RunStatistics:
        """The figures, with the names that the published package gave them."""
        rows = self.run.by_type
        latency = self.run.disturbed_latency or Latency(0, 0.0, 0.0, 0.0, 0.0, 0.0)
        return RunStatistics(
            robustness_score=self.robustness_score,
            total_mutations=sum(row.totals.trials for row in rows),
            passed_mutations=sum(row.totals.passed for row in rows),
            failed_mutations=sum(row.totals.failed for row in rows),
            avg_latency_ms=latency.mean,
            p50_latency_ms=latency.p50,
            p95_latency_ms=latency.p95,
            p99_latency_ms=latency.p99,
            duration_seconds=self.run.info.seconds,
            by_type=[
                TypeStatistics(
                    row.type, row.totals.trials, row.totals.passed, row.rate.value if row.rate else 0.0
                )
                for row in rows
            ],
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the terminal's story as HTML, with everything hostile escaped."""
        from rich.console import Console

        from flakestorm.reports.terminal import print_run

        console = Console(record=True, file=StringIO(), width=110, highlight=False, markup=False, emoji=False)
        print_run(self.run, console)
        return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
