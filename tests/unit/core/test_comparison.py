"""Two runs from the store and from reports: paired, told with their texts, and named by branch."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from rich.console import Console

from flakestorm.core.comparison import LONGEST_TEXT, SHOWN_CHANGES, compare
from flakestorm.core.flips import flips_of
from flakestorm.core.stored import stored_run
from flakestorm.model.errors import StoreError, UsageError
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.reports.comparison_json import comparison_json
from flakestorm.reports.comparison_markdown import comparison_markdown
from flakestorm.reports.comparison_terminal import print_comparison
from flakestorm.reports.formats import write_report
from flakestorm.scoring.comparison import ComparisonVerdict
from flakestorm.scoring.comparison_result import Comparison
from flakestorm.store.run_file import RunFile, json_bytes
from flakestorm.store.runs import RunFolder

PROMPTS = [GoldenPrompt((f"Where is order {number}?",), f"order {number}") for number in range(4)]
FACTS = {
    "status": "complete",
    "started_at": "2025-01-31T23:59:01+00:00",
    "seconds": 60.0,
    "seed": 0,
    "config_digest": "d",
    "config_path": "flakestorm.yaml",
    "target": "t",
    "version": "0",
    "planned": 100,
    "concurrency": 10,
    "request": None,
    "notes": [],
}

Ending = Callable[[Trial, int], TrialStatus]
Store = Callable[..., str]


def trials(count: int) -> list[Trial]:
    """Three undisturbed trials of each golden prompt, and ``count`` mutated ones."""
    made = [Trial.of(prompt, repeat=repeat) for prompt in PROMPTS for repeat in range(3)]
    for number in range(count):
        prompt = PROMPTS[number % 4]
        text = f"{prompt.text} <b>*{number}*</b> @team"
        mutation = Mutation("noise", "noise.op", (text,), Kind.PRESERVES_MEANING, 0, 0.3, ())
        made.append(Trial.of(prompt, mutation))
    return made


def record(trial: Trial, status: TrialStatus, reply: str) -> TrialRecord:
    """The trial with that status; a failure breaks ``contains``."""
    verdict = VerdictStatus(status.value) if status.value in ("passed", "failed") else VerdictStatus.SKIPPED
    severity = Severity.CRITICAL if trial.is_control else Severity.MEDIUM
    verdicts = (Verdict("contains", "contains", severity, verdict, f"why {status}"),)
    return TrialRecord(trial, Outcome(5.0, reply=reply), verdicts, status)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """An empty folder of runs, which is the default one."""
    monkeypatch.setenv("FLAKESTORM_HOME", str(tmp_path / "home"))
    return RunFolder()


@pytest.fixture
def store(folder: RunFolder) -> Store:
    """Stores a run: ``store("id", ending, count, branch="main")``; returns the id."""

    def put(id_: str, ending: Ending, count: int = 120, **facts: Any) -> str:
        info = {**FACTS, "id": id_, **facts}
        run = RunFile.create(
            folder.runs / f"{id_}.db", {"info": info, "weights": {}, "demands": {}, "findings": []}
        )
        for number, trial in enumerate(trials(count)):
            one = record(trial, ending(trial, number), f"reply of {id_} " + "x" * 600)
            run.append(
                [(trial.id, trial.is_control, one.status.value, "noise", 1.0, json_bytes(one.to_dict()))]
            )
        run.close()
        return id_

    return put


def passing(_: Trial, __: int) -> TrialStatus:
    """All is well."""
    return TrialStatus.PASSED


def failing_at(*numbers: int) -> Ending:
    """All is well but for the trials of these numbers."""
    return lambda _, number: TrialStatus.FAILED if number in numbers else TrialStatus.PASSED


def test_unchanged_run_is_not_worse(store: Store) -> None:
    """Every trial pairs, and repeats of the control arm are one request each."""
    store("1", passing)
    store("2", passing)
    found = compare("1", "2")
    assert (found.numbers.verdict, found.numbers.pairs) == (ComparisonVerdict.NOT_WORSE, 132)
    assert (found.numbers.requests, found.only_base, found.only_head) == (124, 0, 0)
    assert found.headline.startswith("Not worse: 0 trials newly fail and 0 newly pass of 132 compared")
    assert list(found.reasons()) == ["The 132 trials are 124 requests: repeats of one count as one."]


def test_changes_are_told_with_both_replies(store: Store) -> None:
    """What was sent, which rule is broken, and what came before and now; the gravest first."""
    store("1", failing_at(50))
    store("2", failing_at(0, 20, 21, 22, 23, 24, 25, 26))
    found = compare("1", "2")
    assert found.numbers.verdict is ComparisonVerdict.WORSE
    assert (len(found.failing_ids), len(found.passing_ids)) == (8, 1)
    first, second = found.newly_failing[:2]
    assert (first.severity, first.operator, first.arm) == (Severity.CRITICAL, "", "")
    assert (second.severity, second.operator, second.arm) == (Severity.MEDIUM, "noise.op", "noise")
    assert (second.prompt, second.rule, second.why) == ("order 0", "contains", "why failed")
    assert second.before is not None
    assert second.after is not None
    assert second.before.startswith("reply of 1 ")
    assert second.after.startswith("reply of 2 ")
    assert len(second.after) == LONGEST_TEXT + 1
    (back,) = found.newly_passing
    assert (back.rule, back.why) == ("contains", "why failed")


def test_many_changes_are_counted_and_some_told(store: Store) -> None:
    """All ids, and so many with texts that a reader gets through."""
    store("1", passing)
    store("2", lambda trial, _: TrialStatus.PASSED if trial.is_control else TrialStatus.FAILED)
    found = compare("1", "2")
    assert len(found.failing_ids) == 120
    assert len(found.newly_failing) == SHOWN_CHANGES
    assert [change.id for change in found.newly_failing] == list(found.failing_ids[:SHOWN_CHANGES])


def test_reports_compare_like_stored_runs(store: Store, tmp_path: Path) -> None:
    """JSON, JSON Lines, and JSON that another program has laid out anew."""
    store("1", failing_at(30))
    store("2", failing_at(40, 41, 42))
    expected = compare("1", "2")
    for name in ("json", "jsonl"):
        for id_ in ("1", "2"):
            write_report(stored_run(id_), tmp_path / f"{id_}.{name}", name)
        assert compare(str(tmp_path / f"1.{name}"), str(tmp_path / f"2.{name}")) == expected
    pretty = tmp_path / "pretty.json"
    pretty.write_text(json.dumps(json.loads((tmp_path / "1.json").read_text()), indent=1))
    assert compare(str(pretty), "2") == expected


def test_report_without_strategy_and_branch(store: Store, tmp_path: Path) -> None:
    """The first reports knew neither."""
    store("1", passing)
    store("2", passing)
    path = tmp_path / "old.jsonl"
    write_report(stored_run("1"), path, "jsonl")
    head, *rest = path.read_text().splitlines()
    old = json.loads(head)
    for key in ("strategy", "branch", "commit", "budget"):
        del old["run"][key]
    path.write_text("\n".join([json.dumps(old), *rest]))
    assert compare(str(path), "2").numbers.verdict is ComparisonVerdict.NOT_WORSE


@pytest.mark.parametrize("lines", [slice(0, 20), slice(0, 1)])
def test_broken_report_is_refused(store: Store, tmp_path: Path, lines: slice) -> None:
    """A report that breaks off is told, with the line; half a run would be compared otherwise."""
    store("1", passing)
    path = tmp_path / "r.json"
    write_report(stored_run("1"), path, "json")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[lines]))
    store("2", passing)
    with pytest.raises(
        UsageError, match=r"r\.json:\d+:\d+: not a complete JSON report: the report breaks off"
    ):
        compare(str(path), "2")


def test_foreign_trial_is_refused(store: Store, tmp_path: Path) -> None:
    """The run is named, and what is missing."""
    store("1", passing)
    path = tmp_path / "r.jsonl"
    write_report(stored_run("1"), path, "jsonl")
    store("2", passing)
    first = path.read_text().splitlines()[0]
    for odd in ('{"id": "x"}', '{"id": "x", "status": "fine"}', "7"):
        path.write_text(f"{first}\n{odd}\n")
        with pytest.raises(UsageError, match=r"run 1 has a trial that is not one of flakestorm's"):
            compare(str(path), "2")
    with pytest.raises(UsageError, match=r"none\.json cannot be read"):
        compare(str(tmp_path / "none.json"), "2")


def test_damaged_stored_trial_is_told(store: Store, folder: RunFolder) -> None:
    """As everywhere: the file, the trial, and what to do."""
    store("1", passing)
    store("2", passing)
    run = RunFile.open(folder.runs / "2.db")
    run.append([("zzz", False, "passed", "noise", 1.0, b"{half")])
    run.close()
    with pytest.raises(StoreError, match=r"2\.db: trial 133 cannot be read"):
        compare("1", "2")


def test_same_run_is_refused(store: Store) -> None:
    """Comparing a run with itself would always be fine."""
    store("1", passing)
    with pytest.raises(UsageError, match="'latest' and '1' are the same run, 1"):
        compare("latest", "1")


def test_branches(store: Store) -> None:
    """The newest complete run of the branch; never the run that it is compared with."""
    store("1", passing, branch="main")
    store("2", passing, branch="main", commit="4f2a")
    store("3", passing, branch="main", status="partial")
    store("4", failing_at(*range(60)), branch="fix")
    store("5", passing, branch="main")
    assert compare("main@latest", "fix@latest").base.id == "5"
    assert compare("main@latest", "latest").base.id == "2"
    assert stored_run("fix@latest").info.id == "4"
    with pytest.raises(UsageError, match="no complete run of the branch 'mian', did you mean 'main'"):
        compare("mian@latest", "latest")
    with pytest.raises(UsageError, match=r"no other complete run of the branch 'fix'.*runs of: fix, main\."):
        compare("fix@latest", "4")


def test_unreadable_runs_are_passed_over(store: Store, folder: RunFolder) -> None:
    """One broken file does not hide a branch; without branches it says so."""
    store("1", passing)
    (folder.runs / "2.db").write_text("no database")
    RunFile.create(folder.runs / "3.db", {"info": {}}).close()
    with pytest.raises(UsageError, match="No stored run knows its branch"):
        stored_run("main@latest")


def test_partial_and_searching_runs_prove_nothing_good(store: Store) -> None:
    """Each says why."""
    store("1", passing)
    store("2", passing, 100, status="partial", seed=1, config_digest="e")
    store("3", passing, strategy="search")
    partial, search = compare("1", "2"), compare("1", "3")
    for found in (partial, search):
        assert found.numbers.verdict is ComparisonVerdict.INCONCLUSIVE
    told = " ".join(partial.reasons())
    assert "Run 2 is partial" in told
    assert (
        "20 trials are only in 1 and 0 only in 2; these are not compared. The seeds differ (0 and 1)" in told
    )
    assert "Run 3 is no uniform run" in " ".join(search.reasons())


def test_reasons_of_doubt(store: Store) -> None:
    """Too few trials, too many lost, none at all, and a golden prompt that collapsed."""
    store("1", passing, 30)
    store("2", lambda t, n: TrialStatus.ERRORED if n >= 38 else TrialStatus.PASSED, 31, config_digest="e")
    few = compare("1", "2")
    told = " ".join(few.reasons())
    assert "flakestorm plan --detect 0.05" in told
    assert "4 trials had a verdict in 1 and have none in 2" in told
    assert (
        "0 trials are only in 1 and 1 only in 2; these are not compared. The configurations differ." in told
    )
    store("3", lambda t, n: TrialStatus.ERRORED)
    nothing = compare("2", "3")
    assert nothing.headline == "Inconclusive: no trial was judged in both runs (43 pairs)."
    store("4", lambda t, n: TrialStatus.FAILED if t.is_control else TrialStatus.INCONCLUSIVE, 30)
    gone = compare("1", "4")
    assert gone.numbers.verdict is ComparisonVerdict.WORSE
    assert "'order 0' now fails all 3 undisturbed trials; before" in next(gone.reasons())


def printed(found: Comparison) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=200, markup=False, highlight=False)
    print_comparison(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_three_formats_tell_the_same(store: Store) -> None:
    """Verdict, where, what newly fails and passes; hostile text is no markup."""
    store("1", failing_at(*range(60, 64)), branch="main", commit="4f2a" * 10)
    store("2", failing_at(*range(20, 50)), branch="fix")
    found = compare("1", "2")
    data = json.loads(comparison_json(found))
    Draft202012Validator({"type": "object", "required": ["verdict", "exit_code"]}).validate(data)
    assert (data["schema"], data["verdict"], data["exit_code"]) == ("flakestorm-comparison/1", "worse", 1)
    assert data["newly_failing"]["trials"] == list(found.failing_ids)
    assert (len(data["newly_failing"]["shown"]), len(data["newly_passing"]["trials"])) == (30, 4)
    assert data["newly_passing"]["shown"][0]["before"].startswith("reply of 1")
    assert data["difference"]["low"] < data["difference"]["value"] == pytest.approx(26 / 124)
    text = printed(found)
    markdown = comparison_markdown(found)
    for part in ("30", "noise", "4f2a4f2a4f2a", "contains"):
        assert part in text
        assert part in markdown
    assert "Newly failing: 30" in text
    assert "and 25 more: -o json lists all" in text
    assert "… and 10 more" in markdown
    assert len(markdown) < 65_536
    tokens = [
        t for token in MarkdownIt().enable("table").parse(markdown) for t in (token, *(token.children or ()))
    ]
    html = {t.content.strip() for t in tokens if t.type in ("html_inline", "html_block")}
    assert all(one.startswith(("<details>", "</details>", "<!-- -->")) for one in html)
    assert not [t for t in tokens if t.type in ("link_open", "image")]


def test_quiet_comparison_is_short(store: Store) -> None:
    """Nothing changed: no table and no lists."""
    store("1", passing)
    store("2", passing)
    found = compare("1", "2")
    assert "Where" not in printed(found)
    assert "details" not in comparison_markdown(found)
    assert json.loads(comparison_json(compare("1", "2")))["collapsed"] == []


def test_undisturbed_changes_have_a_name(store: Store) -> None:
    """The control arm is called undisturbed, and JSON has null for it; a collapse is in JSON too."""
    store("1", passing)
    store("2", lambda t, n: TrialStatus.FAILED if t.is_control else TrialStatus.PASSED)
    found = compare("1", "2")
    assert "undisturbed" in printed(found)
    assert "| undisturbed | 12 | 12 | 0 |" in comparison_markdown(found)
    data = json.loads(comparison_json(found))
    assert data["by_type"][0]["name"] is None
    assert [one["prompt"] for one in data["collapsed"]] == ["order 0", "order 1", "order 2", "order 3"]
    store("3", lambda t, n: TrialStatus.ERRORED)
    assert json.loads(comparison_json(compare("1", "3")))["difference"] is None


def test_flips_come_from_the_control_arm(store: Store) -> None:
    """One of three undisturbed trials fails: two of three pairs of them differ; errors do not count."""
    store("1", failing_at(0, 3))
    assert flips_of(stored_run("1")) == pytest.approx((2 / 3 + 2 / 3) / 4)
    store("2", lambda t, n: TrialStatus.ERRORED)
    with pytest.raises(UsageError, match="run 2 tells nothing about flakiness"):
        flips_of(stored_run("2"))
