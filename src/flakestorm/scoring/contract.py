"""Counts the cells of a contract, and makes of them its score and its judgement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flakestorm.model.contract import CellStatus, ContractCell, ContractResult, Terms
from flakestorm.model.finding import Finding
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Score
from flakestorm.model.trial import NO_CHAOS
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.scoring.contract_state import ControlReplies
from flakestorm.scoring.intervals import Interval, clustered

WEIGHTS = {Severity.CRITICAL: 3, Severity.HIGH: 2, Severity.MEDIUM: 1, Severity.LOW: 1}
KEPT_TRIALS = 50
"""How many trial ids a cell keeps; the counts go on."""
SHOWN = 5


@dataclass
class _Cell:
    """One cell while it is counted; ``repeats`` says of each judged repeat whether it held."""

    counts: dict[str, int] = field(default_factory=dict)
    repeats: dict[int, bool] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, record: TrialRecord, status: str) -> None:
        self.counts[status] = self.counts.get(status, 0) + 1
        failed = status == "failed"
        if failed or status == "passed":
            repeat = record.trial.repeat
            self.repeats[repeat] = self.repeats.get(repeat, True) and not failed
        ids = self.failures if failed else self.others
        if len(ids) < KEPT_TRIALS:
            ids.append(record.trial.id)

    def result(self, invariant: str, scenario: str) -> ContractCell:
        return ContractCell(
            invariant,
            scenario,
            **self.counts,
            held=sum(self.repeats.values()),
            judged=len(self.repeats),
            # Sorted, because trials finish in any order.
            trials=(*sorted(self.failures), *sorted(self.others))[:KEPT_TRIALS],
        )


class ContractTally:
    """Streaming counts of the cells of ``terms``, and of the replies that could tell of a memory."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._cells: dict[tuple[str, str], _Cell] = {}
        self._replies = ControlReplies(terms.deterministic)

    @property
    def judges_undisturbed(self) -> bool:
        """Whether what happens undisturbed is part of the contract."""
        return NO_CHAOS in self.terms.scenarios

    def add(self, record: TrialRecord) -> None:
        """Count the verdicts of one trial. Where no fault fired, none of them proves anything."""
        trial = record.trial
        if trial.is_control:
            self._replies.add(record)
        idle = trial.scenario != NO_CHAOS and not record.outcome.faults_fired
        for verdict in record.verdicts:
            skipped = verdict.status is VerdictStatus.SKIPPED
            status = "inconclusive" if idle and not skipped else verdict.status.value
            self._cells.setdefault((verdict.invariant, trial.scenario), _Cell()).add(record, status)

    def result(self) -> ContractResult:
        """All cells, also those without any trial, in the order of the contract."""
        cells = tuple(
            self._cells.get((promise.name, scenario), _Cell()).result(promise.name, scenario)
            for promise in self.terms.promises
            for scenario in self.terms.scenarios
        )
        return ContractResult(self.terms, cells)

    def findings(self) -> tuple[Finding, ...]:
        """That the agent seems to remember earlier trials, where nothing keeps them apart."""
        drift = "" if self.terms.fresh else self._replies.drift()
        if not drift:
            return ()
        advice = (
            "Trials are then not independent: what one did may show in another. Give agent.reset_endpoint "
            "or agent.reset_function, or for an agent that flakestorm starts contract.fresh_process: true."
        )
        title = "The agent seems to remember earlier trials"
        return (Finding("stateful", Severity.MEDIUM, title, f"{drift} {advice}"),)


def contract_score(result: ContractResult, interval: Interval = clustered) -> Score | None:
    """The resilience score as a share (0–1): Σ weight of passed ÷ Σ weight of judged cells.

    A cell that was repeated counts for the share of its judged repeats in which it held. The interval is
    that of a total over scenarios: the cells of a scenario share their trials, and fail together.
    """
    severities = result.severities
    passed = dict.fromkeys(result.terms.scenarios, 0.0)
    judged = dict.fromkeys(result.terms.scenarios, 0.0)
    squares, count = 0.0, 0
    for cell in result.cells:
        if cell.judged:
            weight = WEIGHTS[severities[cell.invariant]]
            passed[cell.scenario] += weight * cell.held / cell.judged
            judged[cell.scenario] += weight
            squares += weight * weight / cell.judged
            count += 1
    total = sum(judged.values())
    if not total:
        return None
    low, high = interval(list(passed.values()), list(judged.values()), total * total / squares)
    return Score(sum(passed.values()) / total, low, high, count)


def points(share: float) -> str:
    """A share as 0–100; what is not exactly one of the ends is never rounded to look as if it were."""
    number = 100 * share
    return f"{min(99.9, max(0.1, number)):.1f}" if 0 < share < 1 else f"{number:.0f}"


def sentence(result: ContractResult, score: Score | None) -> str:
    """The contract in one sentence, with its uncertainty."""
    judged = [cell for cell in result.cells if cell.status.is_judged]
    unjudged = sum(cell.status in (CellStatus.ERRORED, CellStatus.INCONCLUSIVE) for cell in result.cells)
    kept = sum(cell.status is CellStatus.PASSED for cell in judged)
    if score is None:
        name = result.terms.name
        return f"Nothing of the contract '{name}' could be judged ({unjudged} cells without verdict)."
    broken = result.critical(CellStatus.FAILED)
    critical = f" {len(broken)} of its critical cells failed, which fails it." if broken else ""
    return (
        f"The contract '{result.terms.name}' scores {points(score.value)} of 100 (95 % interval "
        f"{points(score.low)}–{points(score.high)}; {kept} of {len(judged)} judged cells kept, {unjudged} "
        f"without verdict).{critical}"
    )


def broken_promises(result: ContractResult) -> list[str]:
    """A sentence for each critical cell that failed, the first few."""
    return _told(result.critical(CellStatus.FAILED), _broken)


def unproved_promises(result: ContractResult) -> list[str]:
    """A sentence for each critical cell that lacks its verdict, the first few."""
    return _told(result.unproved, _unproved)


def _told(cells: Sequence[ContractCell], words: Callable[[ContractCell], str]) -> list[str]:
    told = [words(cell) for cell in cells[:SHOWN]]
    return [*told, f"The same holds for {len(cells) - SHOWN} more cells."] if len(cells) > SHOWN else told


def _broken(cell: ContractCell) -> str:
    return (
        f"The critical invariant '{cell.invariant}' is broken in scenario '{cell.scenario}' "
        f"({cell.failed:,} of {cell.failed + cell.passed:,} judged trials)."
    )


def _unproved(cell: ContractCell) -> str:
    return (
        f"The critical invariant '{cell.invariant}' could not be judged in scenario '{cell.scenario}' "
        f"({cell.errored:,} errored, {cell.inconclusive:,} inconclusive)."
    )
