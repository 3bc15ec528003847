"""A folder of reports: everything that its summary leads to is there, and nothing hostile gets out."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flakestorm.cli.reports_of_ci import Destinations
from flakestorm.model.ci import CiResult, CiTerms, Pillar
from flakestorm.model.contract import ContractCell, ContractResult, Promise, Terms
from flakestorm.model.errors import UsageError, WorkError
from flakestorm.model.run import Run
from flakestorm.model.verdict import Severity
from flakestorm.reports.csv_report import write_csv
from flakestorm.reports.junit import write_junit
from flakestorm.reports.markdown import markdown_lines
from flakestorm.reports.report_folder import SHOWN_CAUSES, summary_lines, write_folder
from flakestorm.reports.run_dict import run_from_dict, run_to_dict

HOSTILE = "<script>alert(1)</script>|`x`\n@all ]]>"


def of_ci(run: Run) -> Run:
    """``run`` with pillars of every status."""
    pillars = (
        Pillar("mutation", True, 0.36, 0.9, 0.5, 0.4, 0.6, 40),
        Pillar("chaos", True, 0.0),
        Pillar("contract", True, 0.64, None, 1.0, 0.9, 1.0, 9),
        Pillar("replay", False, 0.0),
    )
    return replace(run, ci=CiResult(CiTerms(("mutation", "chaos", "contract")), pillars))


def with_contract(run: Run, name: str, promises: int = 1, scenarios: Iterable[str] = ("s",)) -> Run:
    """``run`` with a contract whose names are ``name``, and cells of each status."""
    columns = tuple(scenarios)
    made = tuple(Promise(f"{name}{n}", "contains", Severity.HIGH) for n in range(promises))
    counts = ({"failed": 1, "trials": ("abc",)}, {"passed": 2}, {"errored": 1}, {"inconclusive": 1}, {})
    cells = tuple(
        ContractCell(promise.name, column, **counts[(n + m) % 5])
        for n, promise in enumerate(made)
        for m, column in enumerate(columns)
    )
    return replace(run, contract=ContractResult(Terms(name, made, columns), cells))


def test_everything_is_there(run: Run, tmp_path: Path) -> None:
    """All reports, a summary and an index, and what else is to be linked to."""
    (tmp_path / "more.md").write_text("x", "utf-8")
    files = write_folder(of_ci(run), tmp_path, {"more.md": "more of it"})
    assert sorted(files) == sorted(tmp_path.iterdir())
    summary = (tmp_path / "summary.md").read_text("utf-8")
    assert "| mutation | 0.500 | 0.400–0.600 | 40 | 36% | 0.900 | below its minimum |" in summary
    assert "| chaos | – | – | – | – | – | nothing judged |" in summary
    assert "| replay | – | – | – | – | – | not configured |" in summary
    page = (tmp_path / "index.html").read_text("utf-8")
    for name in ("report.html", "report.json", "report.junit.xml", "report.sarif", "report.md", "more.md"):
        assert f"[{name}]({name})" in summary
        assert f'href="{name}"' in page
    assert "Content-Security-Policy" in page
    assert "default-src &#x27;none&#x27;" in page
    assert "below its minimum" in page


def test_only_the_worst_causes_are_told(run: Run) -> None:
    """The rest is counted."""
    many = replace(run, causes=run.causes[:1] * (SHOWN_CAUSES + 3))
    lines = list(summary_lines(many))
    assert "- … and 3 more." in lines
    assert not any(line.startswith("## Pillars") for line in lines)


def test_hostile_text_stays_text(hostile_run: Run, tmp_path: Path) -> None:
    """In both forms of the summary."""
    reasons = (HOSTILE,)
    bad = replace(hostile_run, assessment=replace(hostile_run.assessment, headline=HOSTILE, reasons=reasons))
    write_folder(bad, tmp_path)
    assert "<script>" not in (tmp_path / "index.html").read_text("utf-8")
    assert "<script>" not in (tmp_path / "summary.md").read_text("utf-8")


def test_a_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """Is told with its name."""
    (tmp_path / "summary.md").mkdir()
    with pytest.raises(WorkError, match=r"summary\.md could not be written"):
        write_folder(run, tmp_path)


def test_pillars_come_back_from_json(run: Run) -> None:
    """The report has them, and other runs have none."""
    made = of_ci(run)
    assert run_from_dict(run_to_dict(made), made.records).ci == made.ci
    assert "ci" not in run_to_dict(run)


def test_cells_as_test_cases(run: Run) -> None:
    """Each status in JUnit's words, names with hostile text and all."""
    out = io.BytesIO()
    write_junit(with_contract(run, HOSTILE, 1, ("a", "b", "c", "d", "e")), out)
    root = ET.fromstring(out.getvalue())
    suite = root.findall("testsuite")[1]
    assert [[child.tag for child in case] for case in suite] == [
        ["failure"],
        [],
        ["error"],
        ["skipped"],
        ["skipped"],
    ]
    counted = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2"}
    assert int(root.get("tests", 0)) == run.totals.trials + 5
    failure = suite[0][0]
    assert failure.get("message") == "high invariant: 1 failed"
    assert "--only trial:abc" in (failure.text or "")


def test_cells_as_rows(run: Run) -> None:
    """Behind the trials, with the same columns."""
    out = io.BytesIO()
    write_csv(with_contract(run, "=evil", 1, ("a", "b")), out)
    lines = out.getvalue().decode().splitlines()
    assert lines[0].endswith(",row,invariant")
    assert lines[-1].endswith(",cell,'=evil0")
    assert lines[-2].startswith(",failed,")


def test_the_matrix_in_markdown(run: Run) -> None:
    """As a table where it is narrow enough, and not without end."""
    text = "\n".join(markdown_lines(with_contract(run, HOSTILE, 50, ("a", "b"))))
    assert "… and 10 more." in text
    assert "<script>alert" not in text.replace("`", "\0").split("\0")[0]
    wide = with_contract(run, "c", 1, [f"s{n}" for n in range(20)])
    assert "## Contract" not in "\n".join(markdown_lines(wide))


def test_what_an_output_is(tmp_path: Path) -> None:
    """A format, a file of one, or a folder: one that is there, or a name without an ending."""
    there = tmp_path / "reports.d"
    there.mkdir()
    found = Destinations.of(["json", "a/run.md", "out/", "out", str(there)])
    assert found.reports == [("json", None), ("markdown", Path("a/run.md"))]
    assert found.folders == (Path("out/"), Path("out"), there)
    for slip in ("htlm", "run.jsn"):
        with pytest.raises(UsageError, match="no report format"):
            Destinations.of([slip])
