"""Facts and counts ► the ``Run`` that reports see, for a run that just ended and for one from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

from flakestorm.invariants.canary import find_canary
from flakestorm.invariants.refusal import RefusalKind, classify
from flakestorm.model.ci import CiResult, CiTerms
from flakestorm.model.contract import Terms
from flakestorm.model.finding import Finding
from flakestorm.model.measures import Measures
from flakestorm.model.minimal import Minimal
from flakestorm.model.record import TrialRecord
from flakestorm.model.reliability import Grid
from flakestorm.model.replay import SessionTerms
from flakestorm.model.run import (
    Assessment,
    PromptRow,
    RequestShape,
    Run,
    RunInfo,
    ScenarioRow,
    Scores,
    Totals,
    TypeRow,
)
from flakestorm.scoring.assessment import Demands, assess
from flakestorm.scoring.behaviour.tokens import Tokens
from flakestorm.scoring.ci import assess_ci, pillars_of
from flakestorm.scoring.contract import ContractTally, contract_score
from flakestorm.scoring.flakiness import always_failing
from flakestorm.scoring.interval_choice import CLUSTERED, interval_called
from flakestorm.scoring.intervals import Interval
from flakestorm.scoring.measures import MeasureTally
from flakestorm.scoring.overall import DEFAULT_WEIGHTS, with_overall
from flakestorm.scoring.reliability_surface import SurfaceTally
from flakestorm.scoring.replay import ReplayTally, replay_score
from flakestorm.scoring.tally import Tally
from flakestorm.store.run_file import RunFile

INTERRUPTED = "interrupted"

Row = TypeVar("Row", TypeRow, PromptRow, ScenarioRow)


@dataclass(frozen=True)
class Facts:
    """What the store keeps beside the records: enough to rebuild every number of the run.

    ``weights`` are those of mutation types, ``pillars`` and ``interval`` are of ``scoring``, ``contract`` is
    what was promised where a contract is run, ``replay`` are the recorded sessions, ``grid``
    where a reliability surface is measured (it is stored with the run's scenarios).
    """

    info: RunInfo
    weights: dict[str, float]
    demands: Demands
    findings: tuple[Finding, ...] = ()
    minimals: tuple[Minimal, ...] = ()
    pillars: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    contract: Terms | None = None
    replay: tuple[SessionTerms, ...] = ()
    grid: Grid | None = None
    ci: CiTerms | None = None
    interval: str = CLUSTERED

    def to_dict(self) -> dict[str, Any]:
        """The form in which ``RunFile.set_facts`` takes it."""
        return {
            "info": asdict(self.info),
            "weights": self.weights,
            "demands": asdict(self.demands),
            "findings": [finding.to_dict() for finding in self.findings],
            "minimals": [minimal.to_dict() for minimal in self.minimals],
            "pillars": dict(self.pillars),
            "contract": None if self.contract is None else self.contract.to_dict(),
            "replay": [terms.to_dict() for terms in self.replay],
            "ci": None if self.ci is None else self.ci.to_dict(),
            "interval": self.interval,
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
        return cls(
            info=RunInfo(**{**info, "notes": tuple(info["notes"]), "request": shape}),
            weights=data["weights"],
            demands=Demands(**data["demands"]),
            findings=tuple(map(Finding.from_dict, data["findings"])),
            minimals=tuple(map(Minimal.from_dict, data.get("minimals", ()))),
            pillars=data.get("pillars", DEFAULT_WEIGHTS),
            contract=Terms.from_dict(data["contract"]) if data.get("contract") else None,
            replay=tuple(map(SessionTerms.from_dict, data.get("replay", ()))),
            grid=_grid_of(data),
            ci=CiTerms.from_dict(data["ci"]) if data.get("ci") else None,
            interval=data.get("interval", CLUSTERED),
        )

    @property
    def promised(self) -> frozenset[str]:
        """The names of a contract's rules where other rules are judged beside them."""
        if self.ci is None or self.contract is None:
            return frozenset()
        return frozenset(promise.name for promise in self.contract.promises)

    def tally(self) -> Tally:
        """An empty tally with this run's weights."""
        tokens = Tokens(self.info.seed, form_of)
        if not self.info.is_exploration:
            contract = None if self.contract is None else ContractTally(self.contract)
            replay = ReplayTally(self.replay) if self.replay else None
            surface = None if self.grid is None else SurfaceTally(self.grid, self.of_totals)
            measures = MeasureTally(refuses, self.of_totals)
            return Tally(
                self._weight, None, contract, tokens, replay, measures, surface, self.ci, self.of_totals
            )
        # The catalogue of faults is needed for no other run.
        from flakestorm.core.explore_faults import described

        return Tally(self._weight, described, tokens=tokens, interval=self.of_totals)

    @property
    def of_totals(self) -> Interval:
        """The interval that the run's totals get."""
        return interval_called(self.interval, self.info.seed)

    def _weight(self, type_: str) -> float:
        return self.weights.get(type_, 1.0)


def _grid_of(data: Mapping[str, Any]) -> Grid | None:
    grid = (data.get("chaos") or {}).get("grid")
    return Grid.from_dict(grid) if grid and data["info"]["strategy"] == "reliability" else None


@lru_cache(maxsize=4096)
def refuses(reply: str) -> bool:
    """Whether ``reply`` refuses all that it was asked for."""
    return classify(reply).kind is RefusalKind.REFUSAL


def form_of(reply: str, token: str, sent: str) -> str:
    """In which forms ``reply`` gives back ``token``; see ``find_canary``."""
    return ", ".join(dict.fromkeys(how for _, _, how in find_canary(reply, token, sent)))


def assemble(facts: Facts, tally: Tally, records: Callable[[], Iterator[TrialRecord]]) -> Run:
    """The finished run. ``tally`` has counted everything that ``records`` streams."""
    info = facts.info
    contract = tally.contract_result()
    surface = tally.surface()
    if surface is not None:
        # Its points are disturbed more and less: what they come to is the volume, and no other score.
        measured = Scores()
    elif contract is None or facts.ci is not None:
        measured = Scores(robustness=tally.robustness(), chaos_resilience=tally.chaos_resilience())
    if contract is not None and facts.ci is not None:
        measured = replace(measured, contract=contract_score(contract, facts.of_totals))
    elif contract is not None:
        # The same trials would count twice if their resilience was a pillar of its own.
        measured = Scores(contract=contract_score(contract, facts.of_totals))
    replay = tally.replay_result()
    if replay is not None:
        measured = replace(measured, replay=replay_score(replay))
    scores = Scores() if info.is_search else with_overall(measured, facts.pillars)
    scenarios = tally.by_scenario()
    causes = tally.causes.causes(facts.minimals)
    fault_map = tally.fault_map()
    control_latency, disturbed_latency = tally.latencies()
    if info.status == "running":
        # Its process was killed: nobody could write down how it ended.
        info = replace(info, status="partial", stop_reason="its process ended without a word")
    assessment = assess(
        scores,
        tally.totals,
        causes,
        facts.demands,
        info.stop_reason == INTERRUPTED,
        tally.control,
        info.is_search,
        scenarios,
        _done(info, tally.totals),
        contract,
        fault_map,
        replay,
        surface,
    )
    ci = None
    if facts.ci is not None:
        ci = CiResult(facts.ci, pillars_of(facts.ci, scores, facts.pillars))
        assessment = assess_ci(assessment, ci, scores, causes, contract, _done(info, tally.totals))
    return Run(
        info=info,
        assessment=assessment,
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
        by_scenario=without_rates(scenarios) if info.is_search else scenarios,
        fault_map=fault_map,
        contract=contract,
        replay=replay,
        ci=ci,
        measures=Measures() if info.is_search or contract is not None else tally.measures(),
        surface=surface,
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
    if facts.contract is None or facts.ci is not None:
        tally.set_broken(always_failing(control, facts.promised))
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
    done = _done(run.info, run.totals)
    found = assess(
        run.scores,
        run.totals,
        run.causes,
        demands,
        interrupted,
        control,
        run.info.is_search,
        run.by_scenario,
        done,
        run.contract,
        run.fault_map,
        run.replay,
        run.surface,
    )
    return found if run.ci is None else assess_ci(found, run.ci, run.scores, run.causes, run.contract, done)


def _done(info: RunInfo, totals: Totals) -> str:
    """How much of the plan a partial run has done; an empty string for a run that is complete."""
    return "" if info.status == "complete" else f"{totals.trials:,} of {info.planned:,} trials"
