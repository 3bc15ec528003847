"""The JUnit report: it fits its schema, other programs read it, and no text breaks out of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from xmlschema import XMLSchema

from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run, Totals
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.reports.junit import write_junit


def written(run: Run) -> bytes:
    """The report's bytes."""
    out = io.BytesIO()
    write_junit(run, out)
    return out.getvalue()


def suite_of(run: Run) -> ET.Element:
    """The test suite, read by a parser that knows XML only."""
    found = ET.fromstring(written(run)).find("testsuite")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def schema() -> XMLSchema:
    """What readers of such files agree on."""
    return XMLSchema(str(Path(__file__).with_name("junit.xsd")))


@pytest.mark.parametrize("which", ["run", "hostile_run"])
def test_report_fits_the_schema(which: str, schema: XMLSchema, request: pytest.FixtureRequest) -> None:
    """Ordinary and hostile runs."""
    schema.validate(io.BytesIO(written(request.getfixturevalue(which))))


def test_other_programs_count_the_same(run: Run, tmp_path: Path) -> None:
    """What the suite says of itself, what a reader counts in it, and the run's totals agree."""
    path = tmp_path / "r.junit.xml"
    path.write_bytes(written(run))
    read = JUnitXml.fromfile(str(path))
    said = (read.tests, read.failures, read.errors, read.skipped)
    read.update_statistics()
    skipped = run.totals.skipped + run.totals.inconclusive
    expected = (run.totals.trials, run.totals.failed, run.totals.errored, skipped)
    assert said[:3] == (read.tests, read.failures, read.errors) == expected[:3]
    (suite,) = read
    assert suite.skipped == skipped
    assert {p.name: p.value for p in suite.properties()}["score"] == f"{run.scores.overall.value:.4f}"  # type: ignore[union-attr] # the fake run has a score
    assert suite.timestamp == "2025-01-31T23:59:01"


def test_failures_tell_what_was_expected_and_what_came(run: Run) -> None:
    """And which command shows it again."""
    failed = next(r for r in run.records() if r.status is TrialStatus.FAILED)
    case = next(c for c in suite_of(run) if failed.trial.id in c.get("name", ""))
    failure = case.find("failure")
    assert failure is not None
    broken = [v for v in failed.verdicts if v.status is VerdictStatus.FAILED]
    assert failure.get("type") == broken[0].type
    assert broken[0].detail in failure.get("message", "")
    text = failure.text or ""
    assert f"expected: {broken[0].invariant} ({broken[0].type}, {broken[0].severity}) holds" in text
    assert f"actual:   {broken[0].invariant}: {broken[0].detail}" in text
    assert text.endswith(f"again:    flakestorm run --only trial:{failed.trial.id}")
    assert case.get("classname", "").count(".") == 1


def record(status: TrialStatus, **more: Any) -> TrialRecord:
    """A finished trial of one prompt."""
    outcome = more.pop("outcome", Outcome(1500.0, reply="yes"))
    return TrialRecord(Trial.of(GoldenPrompt(("v1.2?",))), outcome, more.pop("verdicts", ()), status, **more)


def only(run: Run, one: TrialRecord) -> ET.Element:
    """The test case of a run with nothing but ``one``."""
    found = suite_of(replace(run, totals=Totals(1), records=lambda: iter([one]))).find("testcase")
    assert found is not None
    return found


def test_errors_are_no_failures(run: Run) -> None:
    """An error has its kind and what the agent said, and what counts for nothing is skipped."""
    dead = Outcome(3.0, error=OutcomeError(ErrorKind.STATUS, "HTTP 500", "Traceback:\nKeyError"), status=500)
    case = only(run, record(TrialStatus.ERRORED, outcome=dead))
    error = case.find("error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("status", "HTTP 500")
    assert "detail:   Traceback:⏎KeyError" in (error.text or "")
    unjudged = only(run, record(TrialStatus.ERRORED, note="an invariant could not be judged")).find("error")
    assert unjudged is not None
    assert unjudged.get("type") == "not_judged"
    for status in (TrialStatus.SKIPPED, TrialStatus.INCONCLUSIVE):
        skipped = only(run, record(status, note="no fault fired")).find("skipped")
        assert skipped is not None
        assert skipped.get("message") == "no fault fired"


def test_worst_rule_comes_first(run: Run) -> None:
    """A trial that breaks two rules is one failure that names both; a name has no dots of its own."""
    verdicts = tuple(
        Verdict(name, f"{name}-type", severity, VerdictStatus.FAILED, "")
        for name, severity in (("low", Severity.LOW), ("bad", Severity.CRITICAL))
    )
    case = only(run, record(TrialStatus.FAILED, verdicts=verdicts))
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "bad: broken; low: broken", "type": "bad-type"}
    assert (case.get("classname"), case.get("time")) == ("v1·2?.undisturbed", "1.500")


def test_scenario_names_the_group(fake: ModuleType) -> None:
    """Trials under faults are grouped by scenario."""
    groups = {case.get("classname", "").rpartition(".")[2] for case in suite_of(fake.make_chaos_run())}
    assert {"hostile_tools", "slow_llm", "undisturbed"} <= groups


def test_it_is_a_stream(run: Run) -> None:
    """Each trial is written before the next one is asked for."""
    out = io.BytesIO()
    lengths = []

    def records() -> Iterator[TrialRecord]:
        for one in run.records():
            lengths.append(out.tell())
            yield one

    write_junit(replace(run, records=records), out)
    assert lengths == sorted(set(lengths))


def test_odd_heads_are_written(run: Run) -> None:
    """A run without score or with a start that is no time still makes a report; a known commit is in it."""
    info = replace(run.info, started_at="yesterday", branch="main", commit="4f2a")
    suite = suite_of(replace(run, info=info, scores=replace(run.scores, overall=None)))
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert (suite.get("timestamp"), properties["commit"]) == ("yesterday", "4f2a")
    assert "score" not in properties


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=30))
def test_any_text_is_legal_xml(template: Any, text: str) -> None:
    """Every character that Python knows, in every place: the file parses, and has one case."""
    verdict = Verdict(text, text, Severity.HIGH, VerdictStatus.FAILED, text)
    one = TrialRecord(
        Trial.of(GoldenPrompt((text,), text)), Outcome(1.0, reply=text), (verdict,), TrialStatus.FAILED
    )
    suite = suite_of(replace(template.run, records=lambda: iter([one])))
    assert [child.tag for child in suite] == ["properties", "testcase"]
    (failure,) = suite[1]
    assert (failure.text or "").count("\n") == 4
