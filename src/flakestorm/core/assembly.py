"""Facts and counts ► the ``Run`` that reports see, for a run that just ended and for one from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from flakestorm.model.finding import Finding
from flakestorm.model.minimal import Minimal
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Assessment, PromptRow, RequestShape, Run, RunInfo, Scores, Totals, TypeRow
from flakestorm.model.verdict import Severity
from flakestorm.scoring.assessment import Demands, assess
from flakestorm.scoring.flakiness import always_failing
from flakestorm.scoring.tally import Tally
from flakestorm.store.run_file import RunFile

INTERRUPTED = "interrupted"

Row = TypeVar("Row", TypeRow, PromptRow)


@dataclass(frozen=True)
class Facts:
    """What the store keeps beside the records: enough to rebuild every number of the run."""

    info: RunInfo
    weights: dict[str, float]
    demands: Demands
    findings: tuple[Finding, ...] = ()
    minimals: tuple[Minimal, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The form in which ``RunFile.set_facts`` takes it."""
        return {
            "info": asdict(self.info),
            "weights": self.weights,
            "demands": asdict(self.demands),
            "findings": [asdict(finding) for finding in self.findings],
            "minimals": [minimal.to_dict() for minimal in self.minimals],
        }

    @classmethod
    def of(cls, run: RunFile) -> Facts:
        """The facts that were stored with ``run``."""
        data = run.facts()
        info = dict(data["info"])
        shape = info["request"]
        if shape is not None:
            headers = tuple((name, value) for name, value in shape["headers"])
            shape = RequestShape(shape["method"], headers, shape["body"])
        findings = tuple(
            Finding(**{**f, "severity": Severity(f["severity"]), "trials": tuple(f["trials"])})
            for f in data["findings"]
        )
        return cls(
            info=RunInfo(**{**info, "notes": tuple(info["notes"]), "request": shape}),
            weights=data["weights"],
            demands=Demands(**data["demands"]),
            findings=findings,
            minimals=tuple(map(Minimal.from_dict, data.get("minimals", ()))),
        )

    def tally(self) -> Tally:
        """An empty tally with this run's weights."""
        return Tally(lambda type_: self.weights.get(type_, 1.0))


def assemble(facts: Facts, tally: Tally, records: Callable[[], Iterator[TrialRecord]]) -> Run:
    """The finished run. ``tally`` has counted everything that ``records`` streams."""
    info = facts.info
    score = None if info.is_search else tally.robustness()
    scores = Scores(robustness=score, overall=score)
    causes = tally.causes.causes(facts.minimals)
    control_latency, disturbed_latency = tally.latencies()
    if info.status == "running":
        # Its process was killed: nobody could write down how it ended.
        info = replace(info, status="partial", stop_reason="its process ended without a word")
    return Run(
        info=info,
        assessment=assess(
            scores,
            tally.totals,
            causes,
            facts.demands,
            info.stop_reason == INTERRUPTED,
            tally.control,
            info.is_search,
        ),
        scores=scores,
        totals=tally.totals,
        by_type=without_rates(tally.by_type()) if info.is_search else tally.by_type(),
        by_prompt=without_rates(tally.by_prompt()) if info.is_search else tally.by_prompt(),
        cells=tally.cells(),
        control_latency=control_latency,
        disturbed_latency=disturbed_latency,
        causes=causes,
        findings=(*tally.findings(), *facts.findings),
        records=records,
    )


def without_rates(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """``rows`` with their counts alone: what a search found, divided by what it tried, estimates nothing."""
    return tuple(replace(row, rate=None) for row in rows)


def load_run(store: RunFile) -> Run:
    """A run from the store, counted anew from its records."""
    facts = Facts.of(store)
    tally = facts.tally()
    control = []
    for record in store.records():
        tally.add(record)
        if record.trial.is_control:
            control.append(record)
    tally.set_broken(always_failing(control))
    if facts.info.status == "running":
        facts = replace(facts, info=replace(facts.info, seconds=store.seconds()))
    return assemble(facts, tally, store.records)


def reassess(run: Run, demands: Demands) -> Assessment:
    """``run`` judged by other demands than those it ran with."""
    rows = [row.control for row in run.by_prompt]
    control = Totals(
        trials=sum(row.trials for row in rows),
        passed=sum(row.passed for row in rows),
        failed=sum(row.failed for row in rows),
    )
    interrupted = run.info.stop_reason == INTERRUPTED
    return assess(run.scores, run.totals, run.causes, demands, interrupted, control, run.info.is_search)
