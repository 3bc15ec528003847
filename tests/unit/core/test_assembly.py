"""A run from the store: scenarios, findings with calls and scores are counted anew, and are the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flakestorm.core.assembly import Facts, assemble, load_run
from flakestorm.model.outcome import Call, Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import RunInfo
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.assessment import Demands
from flakestorm.store.run_file import RunFile, json_bytes

INFO = RunInfo("r1", "complete", "2031-01-01T00:00:00+00:00", 1.0, 0, "d", "c", "t", "3", 4, 1)
STORM = tuple(Call("llm", "gpt", 20.0 * n, 10.0, 503, ("server_error",), sent="a") for n in range(9))
KEPT = Verdict("polite", "contains", Severity.MEDIUM, VerdictStatus.PASSED)


def record(scenario: str, status: str, calls: tuple[Call, ...]) -> TrialRecord:
    """A trial of the one golden prompt."""
    trial = Trial.of(GoldenPrompt(("hello",)), scenario=scenario)
    verdict = replace(KEPT, status=VerdictStatus(status))
    return TrialRecord(trial, Outcome(200.0, "hi", calls=calls), (verdict,), TrialStatus(status))


def test_stored_run_is_counted_as_the_live_one(tmp_path: Path) -> None:
    """Records and facts lead to the run that was reported when it ended."""
    records = [record(NO_CHAOS, "passed", STORM[:1]), record("outage", "failed", STORM)]
    facts = Facts(INFO, {}, Demands(), pillars={"mutation": 0.5, "chaos": 0.5})
    tally = facts.tally()
    store = RunFile.create(tmp_path / "r1.db", facts.to_dict())
    for one in records:
        tally.add(one)
    store.append(
        [(r.trial.id, r.trial.is_control, r.status.value, "", 0.1, json_bytes(r.to_dict())) for r in records]
    )
    live = assemble(facts, tally, lambda: iter(records))
    stored = load_run(store)
    again = Facts.of(store)
    store.close()
    assert again == facts
    assert replace(stored, records=live.records) == live
    assert stored.scores.chaos_resilience is not None
    assert stored.scores.overall == stored.scores.chaos_resilience
    assert stored.by_scenario[0].fired == 9
    (finding,) = [finding for finding in stored.findings if finding.kind == "retry_storm"]
    assert len(finding.calls) == 9


def test_search_has_no_rate_for_scenarios_either() -> None:
    """Its calls went where failures were."""
    facts = Facts(replace(INFO, strategy="search", budget=10), {}, Demands())
    tally = facts.tally()
    tally.add(record("outage", "failed", STORM))
    run = assemble(facts, tally, lambda: iter(()))
    assert run.scores.chaos_resilience is None
    assert run.by_scenario[0].rate is None
    assert run.by_scenario[0].totals.failed == 1
