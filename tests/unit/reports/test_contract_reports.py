"""A contract in every report: the matrix in signs and words, and its JSON form there and back."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from flakestorm.model.contract import ContractCell, ContractResult, Promise, Terms
from flakestorm.model.run import Run, Score
from flakestorm.model.verdict import Severity
from flakestorm.reports.contract_dict import contract_from_dict, contract_to_dict
from flakestorm.reports.formats import read_report, write_report
from flakestorm.reports.html_contract import contract_section
from flakestorm.reports.json_report import write_json
from flakestorm.reports.rerun import rerun
from flakestorm.reports.schema import report_schema
from flakestorm.reports.terminal import print_run

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m"


def result(name: str = "shop", scenario: str = "llm-down") -> ContractResult:
    """A cell of each status."""
    promises = (
        Promise("no-leak", "excludes_pattern", Severity.CRITICAL, "keeps its prompt", "always", 2),
        Promise(name, "contains", Severity.LOW, when="no_chaos"),
    )
    cells = (
        ContractCell("no-leak", "no-chaos", passed=6, held=3, judged=3, trials=("aa", "bb")),
        ContractCell("no-leak", scenario, passed=1, failed=2, errored=1, judged=2, trials=("cc",)),
        ContractCell("no-leak", "idle", inconclusive=2),
        ContractCell(name, "no-chaos", errored=3),
        ContractCell(name, scenario),
        ContractCell(name, "idle"),
    )
    return ContractResult(
        Terms("Shop promises", promises, ("no-chaos", scenario, "idle"), "What we say"), cells
    )


@pytest.fixture
def contract_run(run: Run) -> Run:
    """An ordinary run that says it was one of a contract."""
    score = Score(0.6667, 0.3, 0.9, 2)
    info = replace(run.info, strategy="contract", config_path="my shop.yaml")
    return replace(run, info=info, contract=result(), scores=replace(run.scores, contract=score))


def printed(run: Run) -> str:
    """What a terminal of 110 columns shows."""
    out = StringIO()
    print_run(run, Console(file=out, width=110, highlight=False, markup=False, emoji=False))
    return out.getvalue()


def test_terminal_matrix(contract_run: Run) -> None:
    """A sign in each cell, numbers for the columns with their names below, and what the signs mean."""
    lines = printed(contract_run).splitlines()
    start = lines.index("Contract") + 1
    assert [line.split() for line in lines[start : start + 3]] == [
        ["invariant", "severity", "1", "2", "3"],
        ["no-leak", "critical", "✓", "✕2", "?"],
        ["shop", "low", "!", "·", "·"],
    ]
    assert [line.split() for line in lines[start + 3 : start + 6]] == [
        ["1", "no-chaos"],
        ["2", "llm-down"],
        ["3", "idle"],
    ]
    assert lines[start + 6].startswith("✓ kept")


def test_terminal_matrix_that_is_too_large(contract_run: Run) -> None:
    """What does not fit is said, and left to the other reports."""
    promises = tuple(Promise(f"p{n}", "completes", Severity.LOW) for n in range(42))
    columns = tuple(f"s{n}" for n in range(20))
    cells = tuple(ContractCell(p.name, c, passed=1) for p in promises for c in columns)
    large = ContractResult(Terms("large", promises, columns), cells)
    assert "… and 4 more scenarios and 2 more invariants in the report" in printed(
        replace(contract_run, contract=large)
    )


def test_html_cells_say_what_they_mean(contract_run: Run) -> None:
    """Each judged cell is a link to its trials with the counts in words; the others say why not."""
    section = contract_section(contract_run)
    assert section is not None
    html = section.text
    assert 'href="#scenario=llm-down&amp;rule=no-leak"' in html
    assert (
        'aria-label="no-leak in llm-down: broken (1 passed, 2 failed, 1 errored; held in 0 of 2 repeats)"'
        in html
    )
    assert 'aria-label="no-leak in idle: inconclusive (2 inconclusive)"' in html
    assert "shop in idle: not for this scenario" in html
    assert html.count('<td class="cell-') == 4
    assert "the agent may have remembered earlier trials" in html
    assert contract_section(replace(contract_run, contract=None)) is None


def test_hostile_names_stay_text(contract_run: Run) -> None:
    """Names of invariants and scenarios come from a file that somebody else may have written."""
    hostile = replace(contract_run, contract=result(HOSTILE, HOSTILE))
    section = contract_section(hostile)
    assert section is not None
    assert "<img" not in section.text
    assert "\x1b" not in section.text
    assert "\x1b" not in printed(hostile)


def test_json_there_and_back(contract_run: Run, tmp_path: Path) -> None:
    """The report fits its schema, has the score in points, and is read back as it was."""
    out = BytesIO()
    write_json(contract_run, out)
    document = json.loads(out.getvalue())
    Draft202012Validator(report_schema()).validate(document)
    assert document["contract"]["score"] == 66.67
    assert document["contract"]["verdict"] == "failed"
    assert [cell["status"] for cell in document["contract"]["cells"]] == [
        "passed",
        "failed",
        "inconclusive",
        "errored",
        "skipped",
        "skipped",
    ]
    write_report(contract_run, tmp_path / "r.json", "json")
    assert read_report(tmp_path / "r.json").contract == contract_run.contract


def test_no_contract_is_null() -> None:
    """Any other run has none."""
    assert contract_to_dict(None, None) is None
    assert contract_from_dict(None) is None
    unjudged = contract_to_dict(result(), None)
    assert unjudged is not None
    assert unjudged["score"] is None


def test_run_again_as_a_contract(contract_run: Run) -> None:
    """The command that reports give is the one that makes such a run."""
    assert rerun(contract_run.info) == "flakestorm contract run -c 'my shop.yaml'"
