"""Runs under faults in every report: the scenarios, what the calls say, and the calls over time."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from flakestorm.model.outcome import Call
from flakestorm.model.run import Amplification, DataUse, FaultCount, Recovery, Run, ScenarioRow, Totals
from flakestorm.reports.call_words import amplification, data_use, recovery, result
from flakestorm.reports.formats import read_report, write_report
from flakestorm.reports.html import write_html
from flakestorm.reports.html_timeline import SHOWN
from flakestorm.reports.html_timeline import timeline as html_timeline
from flakestorm.reports.json_report import write_json
from flakestorm.reports.schema import report_schema
from flakestorm.reports.terminal import print_run
from flakestorm.reports.terminal_timeline import timeline


@pytest.fixture(scope="module")
def chaos_run(fake: ModuleType) -> Run:
    """A run with four scenarios; in one of them nothing fires."""
    run: Run = fake.make_chaos_run()
    return run


def printed(run: Run, width: int = 100) -> str:
    """What a person sees in a terminal."""
    out = io.StringIO()
    print_run(run, Console(file=out, width=width))
    return out.getvalue()


def page(run: Run) -> str:
    """The HTML report."""
    out = io.BytesIO()
    write_html(run, out)
    return out.getvalue().decode()


def test_terminal_has_a_row_for_each_scenario(chaos_run: Run) -> None:
    """Resilience with its interval, what fired, and what it cost; a scenario that proved nothing says so."""
    text = printed(chaos_run)
    rows = {row.name: row for row in chaos_run.by_scenario}
    assert set(rows) == {"api_outage", "hostile_tools", "degraded_llm", "slow_llm"}
    line = next(line for line in text.splitlines() if line.startswith("api_outage"))
    assert line.split()[1] == "100%"
    assert "84 of 90" in line
    assert "api_outage: takes llm calls ×15.0 (worst ×15.0)" in " ".join(text.split())
    assert "slow_llm: nothing fired in 6 of 6 trials" in text
    assert "damaged data 0 noticed, 6 used in silence, 0 made up" in " ".join(text.split())


def test_terminal_shows_the_calls_of_the_clearest_trial(chaos_run: Run) -> None:
    """A finding about calls has its timeline and the command that shows it again; nothing is told twice."""
    text = printed(chaos_run)
    assert "Repeats a failed request in a storm under 'api_outage' (6 of 6 trials)" in text
    assert "⋮" in text
    assert "fault: rate_limit" in text
    storm = next(finding for finding in chaos_run.findings if finding.kind == "retry_storm")
    assert f"--only trial:{storm.trials[0]}" in text
    assert "finding (high): Repeats" not in text


def test_terminal_says_why_nothing_fired_and_what_is_left_out(chaos_run: Run) -> None:
    """The reason only where nothing ever fired; a quiet scenario has no line; more findings are counted."""
    calm = ScenarioRow("calm", Totals(3, passed=3), None)
    held = FaultCount("stream_cut", 5, 0, "the call does not ask for a stream")
    idle = ScenarioRow("idle", Totals(3, inconclusive=3), None, unfired=3, faults=(held,))
    rare = replace(idle, name="rare", unfired=1, faults=(replace(held, fired=1),))
    one = replace(chaos_run.findings[0], trials=())
    text = printed(replace(chaos_run, by_scenario=(calm, idle, rare), findings=(one,) * 6))
    assert "idle: nothing fired in 3 of 3 trials (the call does not ask for a stream)" in text
    assert "rare: nothing fired in 1 of 3 trials\n" in text
    assert "calm:" not in text
    assert "… and 2 more in the report" in text


def test_terminal_fits_eighty_columns(chaos_run: Run) -> None:
    """Tables and timelines keep to the width; only commands to paste may be longer."""
    longest = max(len(line) for line in printed(chaos_run, 80).splitlines())
    assert longest <= 80


def test_json_fits_the_schema_and_comes_back(chaos_run: Run, tmp_path: Path) -> None:
    """Scenarios, chaos resilience and the calls of findings are in the report, and are read again."""
    out = io.BytesIO()
    write_json(chaos_run, out)
    report = json.loads(out.getvalue())
    Draft202012Validator(report_schema()).validate(report)
    assert report["scores"]["chaos_resilience"]["judged"] == 12
    assert report["scores"]["chaos_resilience"]["value"] == 0.5
    row = next(row for row in report["by_scenario"] if row["name"] == "api_outage")
    assert (row["trials"], row["passed"], row["matched"], row["fired"]) == (6, 6, 90, 84)
    assert row["faults"] == [
        {"name": "rate_limit", "matched": 90, "fired": 84, "why": "it fired 14 times already"}
    ]
    assert report["findings"][0]["calls"]
    for ending in ("json", "jsonl"):
        path = tmp_path / f"run.{ending}"
        write_report(chaos_run, path, ending)
        assert read_report(path) == chaos_run


def test_reports_from_before_scenarios_are_read(chaos_run: Run, tmp_path: Path) -> None:
    """Without by_scenario, and with findings and calls that have the old keys only."""
    out = io.BytesIO()
    write_json(chaos_run, out)
    report = json.loads(out.getvalue())
    del report["by_scenario"]
    old = ("kind", "severity", "title", "detail", "trials")
    report["findings"] = [{key: finding[key] for key in old} for finding in report["findings"]]
    old = ("kind", "name", "started_ms", "duration_ms", "status", "fired")
    for trial in (*report["trials"], *(cause["example"] for cause in report["causes"])):
        trial["calls"] = [{key: call[key] for key in old} for call in trial["calls"]]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(report))
    Draft202012Validator(report_schema()).validate(report)
    back = read_report(path)
    assert back.by_scenario == ()
    assert all(finding.calls == () for finding in back.findings)
    assert sum(1 for _ in back.records()) == chaos_run.totals.trials


def test_html_has_scenarios_and_timelines(chaos_run: Run, fake: ModuleType) -> None:
    """A section with a row per scenario; findings have a picture with words; none of it without chaos."""
    text = page(chaos_run)
    assert 'id="scenarios"' in text
    assert 'href="#scenario=api_outage"' in text
    assert "6 without any fault" in text
    assert "nothing fired" in text
    assert "nothing judged" in text
    assert '<svg viewBox="0 0 720' in text
    assert "15 calls in 960 ms; faults fired in 14 of them" in text
    assert 'id="scenarios"' not in page(fake.make_run(20))


def test_picture_shows_some_and_says_how_many_are_left_out(fake: ModuleType) -> None:
    """A storm of a hundred calls is a picture of thirty rows, each with a cross, and a number."""
    drawn = html_timeline(fake.storm(100), "Calls")
    assert drawn is not None
    assert drawn.text.count('class="fault-mark"') == SHOWN
    assert "71 more calls are not shown" in drawn.text
    assert drawn.text.count("<li>") == SHOWN
    assert html_timeline((), "Calls") is None


def test_hostile_calls_are_text(fake: ModuleType) -> None:
    """Names, faults and endings that try to be markup are shown, in the picture and in its list."""
    for text in fake.HOSTILE_REPLIES:
        drawn = html_timeline((Call(text, text, 0.0, 1.0, None, (text,), ended=text),), text)
        assert drawn is not None
        for forbidden in ("<script", "<img", "<style", "<base", "<svg/"):
            assert forbidden not in drawn.text


def test_timeline_of_a_terminal() -> None:
    """One line per call, the disturbed one in another shape; nothing for no calls."""
    assert timeline(()) == []
    calls = (
        Call("llm", "gpt-4o", 0.0, 500.0, 500, ("server_error",), retry=1),
        Call("tool", "search\x1b[31m", 500.0, 500.0, 200),
    )
    first, second = timeline(calls)
    assert first == " 0.00 s ▒▒▒▒▒▒▒▒▒▒·········· llm gpt-4o         500 · fault: server_error · SDK retry 1"
    assert second.startswith(" 0.50 s ··········██████████ tool search")
    assert "\x1b" not in second


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (Call("llm", "m", 0, 1, 200), "200"),
        (Call("llm", "m", 0, 1, None, ended="hung"), "no answer"),
        (Call("llm", "m", 0, 1, 200, ("stream_cut",), ended="odd"), "200 · odd · fault: stream_cut"),
    ],
)
def test_what_came_of_a_call(call: Call, words: str) -> None:
    """Status, ending and faults in a few words."""
    assert result(call) == words


def test_consequences_in_words() -> None:
    """Each number has its sentence, and what was not seen has none."""
    assert amplification((Amplification("llm", 1.0, 1.0, 3),)) == ""
    assert amplification((Amplification("tokens", 2.0, 4.0, 3),)) == "tokens ×2.0 (worst ×4.0)"
    assert recovery(Recovery(0, 0)) == ""
    assert recovery(Recovery(0, 4)) == "never in all 4"
    assert recovery(Recovery(3, 1, 1.0, 0.25, 0.5)) == "after 1 call, 0.2 s (never in 1 of 4)"
    assert data_use(DataUse()) == ""
    assert data_use(DataUse(noticed=2)) == "2 noticed, 0 used in silence, 0 made up"
