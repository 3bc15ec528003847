"""The map of the fault space in every report."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from flakestorm.model.fault_point import FaultPoint
from flakestorm.model.outcome import Call, Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.reports.formats import read_report, write_report
from flakestorm.reports.html import write_html
from flakestorm.reports.html_fault_map import COLUMNS
from flakestorm.reports.rerun import repeated, rerun
from flakestorm.reports.schema import report_schema
from flakestorm.reports.terminal import print_run
from flakestorm.reports.terminal_fault_map import SHOWN_CALLS
from flakestorm.scoring.tally import Tally

PROMPT = GoldenPrompt(("When is it open?",), "opening")
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
FAMILIES = {"refused": "transport", "server_error": "status", "empty": "meaning"}
PAIR = "llm m #1: server_error + llm m #2: server_error"


def describe(point: FaultPoint) -> tuple[int, str]:
    """A small catalogue."""
    return list(FAMILIES).index(point.fault), FAMILIES[point.fault]


def trial(scenario: str, status: TrialStatus, fired: tuple[str, ...] = (), repeat: int = 0) -> TrialRecord:
    """A trial in which these faults fired, one in each call."""
    calls = tuple(
        Call("llm", "m", 20.0 * place, 10.0, 200, (fault,), sent=f"s{place}")
        for place, fault in enumerate(fired)
    )
    good = Call("llm", "m", 90.0, 10.0, 200, sent="s9")
    verdict = Verdict("says-ten", "contains", Severity.HIGH, VerdictStatus.FAILED, f"no 'ten' {HOSTILE}")
    verdicts = (verdict,) if status is TrialStatus.FAILED else ()
    outcome = Outcome(100.0, reply=f"Hm. {HOSTILE}", calls=(*calls, good))
    return TrialRecord(Trial.of(PROMPT, scenario=scenario, repeat=repeat), outcome, verdicts, status)


def explored_run(fake: ModuleType, *more: TrialRecord) -> Run:
    """An exploration with something of everything."""
    passed, failed = TrialStatus.PASSED, TrialStatus.FAILED
    records = (
        trial(NO_CHAOS, passed),
        trial("llm m #1: refused", passed, ("refused",)),
        trial("llm m #1: server_error", passed, ("server_error",)),
        trial("llm m #1: empty", TrialStatus.INCONCLUSIVE),
        trial("llm m #2: refused", failed, ("refused",)),
        trial("llm m, every call: empty", passed, ("empty", "empty")),
        trial(PAIR, failed, ("server_error", "server_error")),
        trial(PAIR, passed, ("server_error", "server_error"), repeat=1),
        *more,
    )
    tally = Tally(lambda _: 1.0, describe)
    for record in records:
        tally.add(record)
    run: Run = fake.make_run(30, records)
    info = replace(run.info, strategy="explore", budget=300)
    return replace(
        run, info=info, fault_map=tally.fault_map(), causes=tally.causes.causes(), findings=tally.findings()
    )


@pytest.fixture(scope="module")
def explored(fake: ModuleType) -> Run:
    """An exploration."""
    return explored_run(fake)


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


def test_terminal_has_a_row_for_each_call(explored: Run) -> None:
    """With a column for each family of faults, in marks that need no colour."""
    lines = printed(explored).splitlines()
    head = next(line for line in lines if line.startswith("call "))
    assert head.split() == ["call", "transport", "status", "meaning"]
    marks = re.compile(r"(llm m.*?)\s\s+(.*)")
    rows = {found[1]: found[2].split() for line in lines if (found := marks.fullmatch(line.rstrip()))}
    assert rows["llm m #1"] == ["✓1", "✓1", "–1"]
    assert rows["llm m #2"] == ["✗1"]
    assert rows["llm m, every call"] == ["~1"]


def test_terminal_lists_minimal_sets(explored: Run) -> None:
    """With how sure they are, the calls of the clearest trial and the command that shows it again."""
    text = printed(explored)
    assert "What breaks it" in text
    assert "Breaks 'says-ten' under llm status, then llm status faults" in text
    assert f"{PAIR}  (1 of 2 trials, flaky)" in text
    assert "What it survives badly" in text
    assert "Makes many more calls under llm meaning faults" in text
    assert text.count("fault: refused") + text.count("fault: server_error") >= 1
    assert explored.fault_map is not None
    assert f"--only trial:{explored.fault_map.groups[0].trials[0]}" in text
    assert "Under faults" not in text
    assert max(map(len, printed(explored, 80).splitlines())) <= 80


def test_terminal_does_not_flood(fake: ModuleType) -> None:
    """Of many calls and groups the first are shown, and how many there are."""
    more = [trial(f"llm m #{n}: refused", TrialStatus.FAILED, ("refused",)) for n in range(3, 40)]
    text = printed(explored_run(fake, *more))
    assert f"… and {40 - SHOWN_CALLS} more calls in the report" in text
    assert "… and 35 more\n" in text


def test_an_exploration_is_not_called_good(explored: Run) -> None:
    """Nothing was demanded, and much may have failed."""
    good = replace(explored, assessment=replace(explored.assessment, exit_code=0))
    assert "EXPLORED" in printed(good)
    assert "Explored" in page(good)
    assert "GOOD" not in printed(good)
    short = replace(explored, assessment=replace(explored.assessment, exit_code=1))
    assert "FELL SHORT" in printed(short)


def test_the_command_that_explores_again(explored: Run) -> None:
    """Single trials and the rest of it are run with ``run``."""
    info = replace(explored.info, config_path="")
    assert repeated(info) == "flakestorm explore"
    assert rerun(info) == "flakestorm run"
    assert repeated(replace(info, strategy="uniform")) == "flakestorm run"


def test_html_has_a_linked_cell_for_each_fault_and_call(explored: Run) -> None:
    """Rows are faults, columns calls; each cell says in words what its mark means."""
    html = page(explored)
    section = html[html.index('id="map"') : html.index("</section>", html.index('id="map"'))]
    assert section.count('scope="rowgroup"') == 3
    assert section.count('scope="row"') == 3
    assert section.count('scope="col"') == 4
    assert 'href="#scenario=llm%20m%20%232%3A%20refused"' in section
    assert 'aria-label="llm m #2: refused: 1 failed"' in section
    assert 'aria-label="llm m #1: empty: 1 did not fire"' in section
    assert "not tried" in section
    assert "Of 1 pairs of them 1 made it fail" in section


def test_html_lists_what_breaks(explored: Run) -> None:
    """Groups with their sets, each of which leads to its trials."""
    html = page(explored)
    section = html[html.index('id="causes"') : html.index("</section>", html.index('id="causes"'))]
    assert "Breaks &#x27;says-ten&#x27;" in section
    assert "1 of 2 trials, flaky" in section
    assert "and keeps its rules" in section
    assert "svg" in section
    assert "<img" not in section


def test_html_draws_so_many_calls(fake: ModuleType) -> None:
    """An agent that makes a hundred calls makes no page of a hundred columns."""
    more = [trial(f"llm m #{n}: refused", TrialStatus.FAILED, ("refused",)) for n in range(3, 100)]
    html = page(explored_run(fake, *more))
    section = html[html.index('id="map"') : html.index("</section>", html.index('id="map"'))]
    assert section.count('class="turned"') == COLUMNS


def test_html_without_anything_broken(explored: Run) -> None:
    """Nothing is said as such."""
    assert explored.fault_map is not None
    html = page(replace(explored, fault_map=replace(explored.fault_map, groups=(), failing=())))
    assert "Nothing broke." in html


def test_html_gathers_long_lists(fake: ModuleType) -> None:
    """Hundreds of sets of one group are counted."""
    more = [trial(f"llm m #{n}: refused", TrialStatus.FAILED, ("refused",)) for n in range(3, 260)]
    assert re.search(r"… and 58 more", page(explored_run(fake, *more)))


def test_json_fits_the_schema_and_comes_back(explored: Run, tmp_path: Path) -> None:
    """The whole map is in the report, and is read again; other runs have no such key."""
    path = tmp_path / "run.json"
    write_report(explored, path, "json")
    document = json.loads(path.read_text("utf-8"))
    Draft202012Validator(report_schema()).validate(document)
    assert read_report(path).fault_map == explored.fault_map
    write_report(replace(explored, fault_map=None), path, "json")
    assert "fault_map" not in json.loads(path.read_text("utf-8"))
    assert read_report(path).fault_map is None
    lines = tmp_path / "run.jsonl"
    write_report(explored, lines, "jsonl")
    assert read_report(lines).fault_map == explored.fault_map
