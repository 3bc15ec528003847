"""``flakestorm ci`` on a served agent: one run of all pillars, its exit codes, its files, its resumption."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import signal
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

GOOD = ("--fail-on", "critical")


def scores(report: dict[str, Any]) -> dict[str, float | None]:
    """Pillar → its score, rounded."""
    return {
        row["name"]: None if row["value"] is None else round(row["value"], 4)
        for row in report["ci"]["pillars"]
    }


async def test_all_pillars_are_one_run_with_one_control_arm(project: Any) -> None:
    """Each scores what its own trials show, and the total weighs them."""
    code, said = await project.flakestorm("ci", "-o", "out.json", "-o", "reports/")
    assert code == 0, said
    report = project.report()
    # A promise of severity medium (1 of 3+1 in each of two scenarios) is broken when the model stays away.
    assert scores(report) == {"mutation": 1.0, "chaos": 1.0, "contract": 0.875, "replay": 1.0}
    assert report["scores"]["overall"]["value"] == pytest.approx(0.2 + 0.35 + 0.35 * 0.875 + 0.1)
    assert report["run"]["strategy"] == "ci"
    control = [t for t in report["trials"] if t["scenario"] == "no-chaos" and t["mutation"] is None]
    assert len(control) == 2 * 2, "two prompts, two repeats, whatever the number of pillars"
    rules = {verdict["invariant"] for trial in control for verdict in trial["verdicts"]}
    assert rules == {"days", "replies", "contract:days"}
    under = {t["scenario"]: {v["invariant"] for v in t["verdicts"]} for t in report["trials"]}
    assert under["chaos"] == {"days"}
    assert under["llm-down"] == {"replies", "contract:days"}
    assert re.search(r"contract +0\.875 .* 35% .*good", said)
    names = sorted(file.name for file in (project.folder / "reports").iterdir())
    reports = ["report.html", "report.json", "report.junit.xml", "report.md", "report.sarif"]
    assert names == ["index.html", *reports, "summary.md"]
    page = (project.folder / "reports/index.html").read_text("utf-8")
    assert all(f'href="{name}"' in page for name in reports)
    assert len(list((project.folder / ".flakestorm/runs").glob("*.db"))) == 1


async def test_the_score_of_the_stored_run_is_the_overall_one(project: Any) -> None:
    """``flakestorm score`` gives the same for a run of all pillars, and for one of a contract its own."""
    await project.flakestorm("ci", "-q", "-o", "out.json")
    _, said = await project.flakestorm("score")
    assert float(said.split()[0]) == pytest.approx(project.report()["scores"]["overall"]["value"], abs=1e-4)
    await project.flakestorm("contract", "run", "-q", "-o", "out.json")
    _, said = await project.flakestorm("score")
    assert float(said.split()[0]) == 0.875
    again, _ = await project.flakestorm("score", "--min-score", "0.9")
    assert again == 1


@pytest.mark.parametrize(
    ("option", "least", "expected"),
    [
        ("--min-contract", "90%", 1),
        ("--min-contract", "0.87", 0),
        ("--min-score", "0.99", 1),
        ("--fail-on", "medium", 1),
        ("--fail-on", "high", 0),
    ],
)
async def test_minima(project: Any, option: str, least: str, expected: int) -> None:
    """A pillar, or the whole, that scores less than is asked for falls short."""
    project.change("count: 6", "count: 1")
    code, said = await project.flakestorm("ci", option, least, "-o", "out.json")
    assert code == expected, said
    assert project.report()["assessment"]["exit_code"] == expected


async def test_the_section_asks_where_no_option_does(project: Any) -> None:
    """And an option outweighs it."""
    with (project.folder / "flakestorm.yaml").open("a") as file:
        file.write("ci: {min_contract: 0.9}\n")
    code, said = await project.flakestorm("ci", "-o", "out.json")
    assert code == 1, said
    assert "The pillar contract scores 0.875, below the 0.900 asked for" in said
    assert (await project.flakestorm("ci", "-q", "--min-contract", "0.5"))[0] == 0
    stored, _ = await project.flakestorm("report", "latest", "-o", "again.json")
    assert stored == 0
    assert project.report("again.json")["ci"]["minima"] == {"contract": 0.5}


async def test_what_is_wrong_with_the_command_line(project: Any) -> None:
    """It is told before anything is sent."""
    for words, reason in (
        (("--baseline", "main@latest"), "--baseline main@latest: there is no complete run"),
        (("--baseline", "no.json"), "no.json"),
        (("-o", "htlm"), "did you mean 'html'?"),
        (("--min-score", "90"), "90 % is 0.9"),
        (("--fail-on", "dire"), "dire"),
        (("now",), "one word too many"),
    ):
        code, said = await project.flakestorm("ci", *words)
        assert code == 2, said
        assert reason in said
    project.change("replays:\n  sessions:\n", "output: {format: json}\nreplays:\n  sessions: []\nx: #")
    project.change("x: #", "# ")
    project.change("    - {id: june", "#    - {id: june")
    code, said = await project.flakestorm("ci", "--min-replay", "0.5")
    assert code == 2
    assert "does not have it. It has: mutation, chaos, contract." in said
    assert not (project.folder / ".flakestorm").exists()


async def test_an_agent_without_replies_is_no_measurement(project: Any) -> None:
    """Its errors are more than the budget allows: flakestorm could not do its work."""
    code, said = await project.flakestorm("ci", "-o", "out.json", SILENT="1")
    assert code == 3, said
    assert "error budget" in said


async def test_faults_that_reach_nothing_prove_nothing(project: Any) -> None:
    """The pillar chaos is configured, so that the run must not end well."""
    code, said = await project.flakestorm("ci", "-o", "out.json", DEAF="1")
    assert code == 4, said
    assert "The pillar chaos was to be measured, and nothing of it could be judged." in said
    told = {row["name"]: row["status"] for row in project.report()["ci"]["pillars"]}
    assert told["chaos"] == "inconclusive"
    assert told["mutation"] == "passed"


async def test_what_is_not_configured_leaves_the_mean(project: Any) -> None:
    """Its weight goes to the others, and nothing is asked of it."""
    project.change("  llm_faults: [{mode: server_error, on_calls: [1]}]\n", "")
    project.change("replays:\n  sessions:\n    - {id: june", "# - {id: june")
    code, said = await project.flakestorm("ci", "-o", "out.json")
    assert code == 0, said
    rows = {row["name"]: row for row in project.report()["ci"]["pillars"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "mutation": "passed",
        "chaos": "skipped",
        "contract": "passed",
        "replay": "skipped",
    }
    assert rows["mutation"]["weight"] == pytest.approx(0.2 / 0.55)


async def test_worse_than_the_baseline(project: Any) -> None:
    """A branch's newest run, or a report; trials are compared one by one."""
    (project.folder / ".git").mkdir()
    (project.folder / ".git/HEAD").write_text("ref: refs/heads/main\n", "utf-8")
    project.change("count: 6, types: [tone_shift]", "count: 30, types: [tone_shift, noise]")
    assert (await project.flakestorm("ci", "-q", "-o", "base.jsonl"))[0] == 0
    (project.folder / ".git/HEAD").write_text("ref: refs/heads/change\n", "utf-8")
    code, said = await project.flakestorm("ci", "--baseline", "main@latest", "-o", "out/", FRAGILE="1")
    assert code == 1, said
    assert "WORSE" in said.upper()
    links = (project.folder / "out/summary.md").read_text("utf-8")
    assert "(comparison.json)" in links
    assert "(comparison.md)" in links
    assert project.report("out/comparison.json")["verdict"] == "worse"
    # What failed on a branch is run again under its name.
    again, said = await project.flakestorm("ci", "--only", "failed:change@latest", "-o", "out.json")
    ran = [t for t in project.report()["trials"] if t["mutation"] is not None]
    assert len(ran) > 10, said
    assert again in (0, 4)
    same, said = await project.flakestorm("ci", "-q", "--baseline", "base.jsonl", "--margin", "50%")
    assert same == 0, said


async def test_github_is_told(project: Any) -> None:
    """The summary is appended to, annotations point at the rule, and the agent's text ends no line."""
    summary = project.folder / "step.md"
    summary.write_text("before\n", "utf-8")
    code, said = await project.flakestorm(
        "ci", "-q", "--fail-on", "medium", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary)
    )
    assert code == 1, said
    text = (project.folder / "flakestorm.yaml").read_text("utf-8").splitlines()
    (line,) = [number for number, row in enumerate(text, 1) if "severity: medium" in row]
    (command,) = [row for row in said.splitlines() if row.startswith("::")]
    assert command.startswith(f"::error file=flakestorm.yaml,line={line},title=contract%3Adays::")
    assert "flakestorm ci --only trial:" in command
    told = summary.read_text("utf-8")
    assert told.startswith("before\n# flakestorm ci: Fell short\n")
    assert "| contract | 0.875 |" in told
    _, quiet = await project.flakestorm("ci", "-q")
    assert "::" not in quiet
    code, said = await project.flakestorm(
        "ci", "-q", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(project.folder)
    )
    assert code == 3
    assert "GITHUB_STEP_SUMMARY" in said


async def test_junit_and_csv_have_the_cells(project: Any) -> None:
    """A case, and a row, for each invariant in each scenario."""
    await project.flakestorm("ci", "-q", "-o", "run.junit.xml", "-o", "run.csv", "-o", "out.json")
    root = ET.parse(project.folder / "run.junit.xml").getroot()
    trials, cells = root.findall("testsuite")
    assert cells.get("name") == "contract refunds"
    assert [(c.get("classname"), c.get("name"), [e.tag for e in c]) for c in cells] == [
        ("refunds.no-chaos", "replies", []),
        ("refunds.llm-down", "replies", []),
        ("refunds.no-chaos", "contract:days", []),
        ("refunds.llm-down", "contract:days", ["failure"]),
    ]
    assert int(root.get("tests", 0)) == len(trials.findall("testcase")) + 4
    with (project.folder / "run.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = [(r["invariant"], r["scenario"], r["status"], r["severity"]) for r in rows if r["row"] == "cell"]
    assert told[-1] == ("contract:days", "llm-down", "failed", "medium")
    assert len(rows) == len(project.report()["trials"]) + 4


async def test_a_killed_run_ends_as_an_undisturbed_one(project: Any) -> None:
    """What was finished is kept, the rest is done, and all numbers are the same."""
    (project.folder / ".git").mkdir()
    (project.folder / ".git/HEAD").write_text("ref: refs/heads/main\n", "utf-8")
    project.change("count: 6", "count: 40")
    await project.flakestorm("ci", "-q", "-o", "whole.json")
    process = await project.start("ci", "-q", FLAKESTORM_HOME="cut")
    await _until_stored(project.folder / "cut/runs", 8, process)
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()
    before = _stored(project.folder / "cut/runs")
    assert 8 <= before < 80
    code, said = await project.flakestorm(
        "ci", "--resume", "main@latest", "-o", "out.json", FLAKESTORM_HOME="cut"
    )
    assert code == 0, said
    whole, resumed = project.report("whole.json"), project.report()
    same = ("scores", "totals", "ci", "contract")
    assert {key: resumed[key] for key in same} == {key: whole[key] for key in same}
    assert {t["id"] for t in resumed["trials"]} == {t["id"] for t in whole["trials"]}
    code, said = await project.flakestorm("ci", "--resume", FLAKESTORM_HOME="cut")
    assert code == 2
    assert "is complete" in said


async def test_a_run_of_another_kind_is_not_gone_on_with(project: Any) -> None:
    """A run of mutations has no pillars."""
    project.change("count: 6", "count: 1")
    await project.flakestorm("run", "-q", "-o", "out.json")
    code, said = await project.flakestorm("ci", "--resume")
    assert code == 2
    assert "is no run of flakestorm ci" in said


async def _until_stored(runs: Path, least: int, process: asyncio.subprocess.Process) -> None:
    """Wait for so many finished trials; the agent's start takes most of it."""
    for _ in range(600):
        if _stored(runs) >= least or process.returncode is not None:
            return
        await asyncio.sleep(0.05)


def _stored(runs: Path) -> int:
    for file in runs.glob("*.db"):
        try:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
                tables = [
                    row[0] for row in store.execute("select name from sqlite_master where type='table'")
                ]
                counts = [store.execute(f"select count(*) from {table}").fetchone()[0] for table in tables]
                return max(counts, default=0)
        except sqlite3.Error:
            return 0
    return 0
